using System.CommandLine;
using System.CommandLine.Invocation;
using WsStorage.Benchmarks;
using WsStorage.Cli.Terminal;

using var interruption = new Interruption();
ParseResult parsed = CommandTree.Create().Parse(args);
if (parsed.Action is ParseErrorAction)
{
    await parsed.InvokeAsync();
    return ExitCode.Wrong;
}

try
{
    // Signals are ours: servers in other processes are ended in good order.
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await parsed.InvokeAsync(configuration, interruption.Token);
}
catch (Exception exception)
{
    return Failure.Report(exception, interruption.Token.IsCancellationRequested);
}
