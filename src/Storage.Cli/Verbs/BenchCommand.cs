using System.CommandLine;
using WsStorage.Cli.Bench;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage bench</c></summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var options = new BenchOptions();
        var json = new Option<bool>("--json") { Description = "Print a line of JSON for each run." };
        var store = new StoreOptions();
        var command = new Command(
            "bench",
            "Measure gets, puts and a mix. Without --url or --data, against a server of its own in another process, with throw-away certificates and store; else with keys that begin with wsbench:, removed afterwards.")
        {
            json,
        };
        options.AddTo(command);
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            BenchPlan plan = options.GetPlan(parsed);
            plan.Validate();
            await using BenchTarget target = store.IsGiven(parsed)
                ? new BenchTarget(await store.OpenManyAsync(parsed, plan.Connections, cancellationToken))
                : await BenchTarget.StartAsync(
                    plan.Connections, options.UsesMemory(parsed), options.GetDurability(parsed), cancellationToken);
            await using var output = new StandardOutput();
            var report = new BenchReport(plan, output, parsed.GetValue(json));
            await report.BeginAsync(await target.Connections[0].GetInfoAsync(cancellationToken));
            await MeasureAsync(plan, target, report, cancellationToken);
            return await report.EndAsync();
        });
        return command;
    }

    private static async Task MeasureAsync(BenchPlan plan, BenchTarget target, BenchReport report, CancellationToken cancellationToken)
    {
        try
        {
            await Preload.RunAsync(target.Connections[0], plan, cancellationToken);
            foreach (Workload workload in plan.Workloads)
            {
                foreach (int depth in plan.Depths)
                {
                    using var run = new LoadRun(plan, workload, depth);
                    BenchResult result = await run.RunAsync(target.Connections, cancellationToken);
                    cancellationToken.ThrowIfCancellationRequested();
                    await report.AddAsync(result);
                }
            }
        }
        finally
        {
            if (!target.IsThrowAway)
            {
                await target.Connections[0].RemoveRangeAsync(BenchData.Range(plan.Keys), CancellationToken.None);
            }
        }
    }
}
