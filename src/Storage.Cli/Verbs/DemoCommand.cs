using System.CommandLine;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Demo;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage demo</c></summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<double> seconds = NumberOption.Create("--seconds", "How long it runs.", 15.0);
        var command = new Command(
            "demo",
            "Show all of it at work: a server over RocksDB with mutual TLS in one process, readings of this machine and numbered records written by a client in another, a client in a third that reads them back and follows every change, and a replica in a fourth, while the link between them is cut and server and replica are killed again and again. Proves in the end that nothing was lost, doubled or left out, and that the replica equals its source. Leaves nothing behind.")
        {
            seconds,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            double wanted = parsed.GetValue(seconds);
            if (wanted is not (> 0 and < 1e6))
            {
                throw new UsageException($"--seconds is {wanted}; it must be more than 0 and less than a million.");
            }

            using ILoggerFactory logging = Logging.Create(parsed);
            return await new DemoRun(logging).RunAsync(TimeSpan.FromSeconds(wanted), cancellationToken);
        });
        return command;
    }
}
