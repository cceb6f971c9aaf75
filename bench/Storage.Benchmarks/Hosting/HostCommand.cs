using System.CommandLine;
using System.Text.Json;
using WsStorage.Cli.Terminal;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>The hidden subcommand that is the server's side of a benchmark; it ends when its standard input does.</summary>
internal static class HostCommand
{
    public const string Name = "host";
    public const string Readings = "readings";
    public const string Compact = "compact";

    /// <summary>Followed by an <see cref="EngineQuestion"/>.</summary>
    public const string Engine = "engine ";

    public static Command Create()
    {
        var options = new Argument<string>("options");
        var command = new Command(Name, "The server's side of a benchmark.") { options };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Interruption.LeavesTerminalToParent = true;
            await using BenchmarkHost host = await BenchmarkHost.StartAsync(HostOptions.FromJson(parsed.GetValue(options)!));
            Console.WriteLine(JsonSerializer.Serialize(host.Addresses));
            while (await Console.In.ReadLineAsync(cancellationToken) is { } question)
            {
                Console.WriteLine(question switch
                {
                    Readings => JsonSerializer.Serialize(BenchmarkHost.Read()),
                    Compact => await host.CompactAsync(),
                    _ when question.StartsWith(Engine, StringComparison.Ordinal) =>
                        JsonSerializer.Serialize(await host.MeasureEngineAsync(JsonSerializer.Deserialize<EngineQuestion>(question[Engine.Length..])!)),
                    _ => throw new InvalidOperationException($"'{question}' is no question that a host answers."),
                });
            }

            return 0;
        });
        return command;
    }
}
