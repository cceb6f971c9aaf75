using System.CommandLine;
using System.CommandLine.Invocation;
using WsStorage.Cli;
using WsStorage.Cli.Terminal;

using var interruption = new Interruption();
RootCommand root = CommandTree.Create();
ParseResult parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction)
{
    return Failure.ReportUsage(parsed);
}

if (Failure.FindMistypedOption(parsed) is { } option)
{
    Failure.Say($"'{option}' is no option here; a key or value that begins with two dashes goes after a lone --.");
    return ExitCode.Usage;
}

try
{
    // Signals are ours: a verb that is interrupted still says what it did.
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await parsed.InvokeAsync(configuration, interruption.Token);
}
catch (Exception exception)
{
    return Failure.Report(exception, parsed.GetValue(CommonOptions.Verbose), interruption.Token.IsCancellationRequested);
}
