using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;
namespace WsStorage.Benchmarks.Scenarios;
internal sealed class Ab : IScenario
{
    public string Name => "ab";
    public string Title => "ab";
    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        string[] variants = Environment.GetEnvironmentVariable("AB")!.Split(' ');
        Workload workload = Enum.Parse<Workload>(Environment.GetEnvironmentVariable("ABW") ?? "Get");
        int depth = int.Parse(Environment.GetEnvironmentVariable("ABD") ?? "256");
        Contest contest = site.NewContest("operations/s");
        var hosts = new List<IAsyncDisposable>();
        foreach (string variant in variants)
        {
            string[] sets = variant.Split(',');
            foreach (string set in sets) if (set.Contains('=')) Environment.SetEnvironmentVariable(set.Split('=')[0], set.Split('=')[1]);
            HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
            foreach (string set in sets) if (set.Contains('=')) Environment.SetEnvironmentVariable(set.Split('=')[0], null);
            int conns = int.Parse(Environment.GetEnvironmentVariable("ABC") ?? "1");
            var clients = new List<WsStorageClient>();
            for (int i = 0; i < conns; i++) { clients.Add(await site.ConnectAsync(host, cancellationToken)); hosts.Add(clients[^1]); }
            WsStorageClient client = clients[0];
            await StorageLoad.FillAsync(client, site.Options, site.Options.Keys, cancellationToken);
            await host.CompactAsync(cancellationToken);
            hosts.Add(host);
            contest.Add(variant, async t => { Sample s = await StorageLoad.MeasureAsync(clients, workload, depth, site.Options, site.Options.Keys, t); if (workload == Workload.Put) await host.CompactAsync(t); return s; });
            if (Environment.GetEnvironmentVariable("ABE") is not null) contest.Add(variant + " engine", t => EngineLoad.MeasureAsync(host, Workload.Get, site.Options, site.Options.Keys, t));
        }
        await contest.RunAsync(cancellationToken);
        result.Add(contest.All); foreach (string v in variants[1..]) { Ratio r = Ratio.Of(contest[v].Values.Zip(contest[variants[0]].Values, (a, b) => a / b)); result.Note($"{v}: {r.Median:0.000} ({r.Min:0.00} to {r.Max:0.00})"); }
        if (depth == 1) foreach (string v in variants) result.Add(contest.LatencyOf(v, 0.5));
        foreach (IAsyncDisposable h in hosts) await h.DisposeAsync();
    }
}
