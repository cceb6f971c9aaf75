using System.CommandLine;
using System.Text.Json;
using WsStorage.Cli.Terminal;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>The hidden subcommand that is the server's side of a benchmark; it ends when its standard input does.</summary>
internal static class HostCommand
{
    public const string Name = "host";
    public static Command Create()
    {
        var options = new Argument<string>("options");
        var command = new Command(Name, "The server's side of a benchmark.") { options };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Interruption.LeavesTerminalToParent = true;
            HostOptions wanted = HostOptions.FromJson(parsed.GetValue(options)!);
            await using IHost host = wanted.ReplicaOf is null ? await BenchmarkHost.StartAsync(wanted) : ReplicaHost.Start(wanted);
            Console.WriteLine(JsonSerializer.Serialize(host.Addresses));
            while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
            {
                Console.WriteLine(await host.AnswerAsync(JsonSerializer.Deserialize<HostQuestion>(line)!));
            }

            return 0;
        });
        return command;
    }
}
