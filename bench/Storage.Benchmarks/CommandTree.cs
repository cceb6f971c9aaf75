using System.CommandLine;
using WsStorage.Benchmarks.Gate;
using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Reporting;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks;

/// <summary>One subcommand for each scenario, and one for all.</summary>
internal static class CommandTree
{
    /// <summary>All scenarios, in the order of the report.</summary>
    public static IReadOnlyList<IScenario> Scenarios { get; } =
    [
        new PointOperations(), new LoneOperations(), new ManyConnections(), new BulkOperations(), new Replication(), new Bootstraps(),
        new FanOut(), new NearCache(), new IdleConnections(), new Growth(), new Allocations(), new Microbenchmarks(),
    ];

    public static RootCommand Create()
    {
        var root = new RootCommand("Measures WsStorage beside its peers, in interleaved rounds, and says how far its goals are reached.");
        var options = new CommonOptions();
        root.Add(CreateRun("all", "Everything, into a report in Markdown and JSON with a chart.", Scenarios, options));
        foreach (IScenario scenario in Scenarios)
        {
            root.Add(CreateRun(scenario.Name, scenario.Title, [scenario], options));
        }

        root.Add(GateCommand.Create());
        root.Add(ReportCommand.Create());
        root.Add(HostCommand.Create());
        return root;
    }

    private static Command CreateRun(string name, string description, IReadOnlyList<IScenario> scenarios, CommonOptions options)
    {
        var command = new Command(name, description);
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
            await new BenchmarkRun(options.GetRun(parsed), options.Describe(name, parsed), options.GetOutput(parsed))
                .RunAsync(scenarios, cancellationToken));
        return command;
    }
}
