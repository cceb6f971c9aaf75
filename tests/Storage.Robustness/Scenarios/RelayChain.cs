using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Processes;
using WsStorage.Robustness.Replicas;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// A source, a relay that follows it, a relay that follows the relay, and a replica that follows that one, in four processes. The
/// links between them are cut at random moments while the source is written to.
/// </summary>
internal sealed class RelayChain : IScenario
{
    private const int Keys = 20_000;
    private const int ValueBytes = 100;
    private const int Hops = 3;
    private const int WritesPerInterval = 50;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static readonly CuttingPlan Plan = new()
    {
        Unharmed = 0,
        ByBytes = 0.5,
        MaxLife = TimeSpan.FromMilliseconds(250),
        Stalls = 0.1,
        MaxStall = TimeSpan.FromMilliseconds(200),
    };

    public string Name => "relay-chain";

    public string Counts => "disconnects, spread over a chain of source, relay, relay, and replica";

    public int DefaultCount => 10_000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(options, prepare: store => Preload.FillAsync(store, Keys, ValueBytes));
        var proxies = new List<CuttingProxy>();
        var replicas = new List<ReplicaProcess>();
        try
        {
            int port = site.Server.Port;
            for (int hop = 0; hop < Hops; hop++)
            {
                proxies.Add(new CuttingProxy(port, random.Next(), Plan) { IsHarmful = false });
                port = FreePort.Find();
                replicas.Add(await BeginAsync(site, proxies[hop].Port, hop, port));
            }

            return await RunAsync(site, options, proxies, replicas, random);
        }
        finally
        {
            foreach (ReplicaProcess replica in replicas)
            {
                await replica.DisposeAsync();
            }

            foreach (CuttingProxy proxy in proxies)
            {
                await proxy.DisposeAsync();
            }
        }
    }

    private static async Task<ReplicaProcess> BeginAsync(Site site, int sourcePort, int hop, int servePort)
    {
        var replica = new ReplicaProcess(new FollowOptions
        {
            Directory = site.Combine($"replica-{hop}"),
            Certificates = site.Certificates,
            Source = ServerProcess.UrlOf(sourcePort),
            Name = $"replica-{hop}",
            ServePort = hop == Hops - 1 ? null : servePort,
        });
        await replica.StartAsync();
        return replica;
    }

    private static async Task<IReadOnlyList<Verdict>> RunAsync(
        Site site, ScenarioOptions options, List<CuttingProxy> proxies, List<ReplicaProcess> replicas, Random random)
    {
        ClientFactory clients = site.Clients();
        await using TrackedClient reader = clients.Create();
        await using var load = new SpreadLoad(clients, 2, 8, Keys, random);

        // All have a copy first: the links are cut while they follow.
        foreach (ReplicaProcess replica in replicas)
        {
            await replica.UntilAsync(new Revision(1));
        }

        foreach (CuttingProxy proxy in proxies)
        {
            proxy.IsHarmful = true;
            proxy.CutAll();
        }

        using (var timer = new PeriodicTimer(Interval))
        {
            for (int said = 0; proxies.Sum(p => p.Cuts) < options.Count;)
            {
                load.Allow(WritesPerInterval);
                await timer.WaitForNextTickAsync();
                await load.UntilQuietAsync();
                int cuts = proxies.Sum(p => p.Cuts);
                if (cuts >= said + (options.Count / 10))
                {
                    said = cuts;
                    options.Output.WriteLine($"  {cuts:n0} of {options.Count:n0} disconnects, {load.Acknowledged.Value:n0} writes; {await DescribeAsync(replicas)}");
                }
            }
        }

        foreach (CuttingProxy proxy in proxies)
        {
            proxy.IsHarmful = false;
            proxy.CutAll();
        }

        var comparison = new Comparison();
        for (int hop = 0; hop < replicas.Count; hop++)
        {
            await comparison.CompareAsync(reader.Storage, replicas[hop], $"hop {hop + 1}");
        }

        options.Output.WriteLine($"  cuts by link: {string.Join(", ", proxies.Select(p => $"{p.Cuts:n0}"))}; at the end {await DescribeAsync(replicas)}");
        return [.. comparison.ToVerdicts($"at {replicas.Count} hops, after {proxies.Sum(p => p.Cuts):n0} disconnects and {load.Acknowledged.Value:n0} writes")];
    }

    private static async Task<string> DescribeAsync(List<ReplicaProcess> replicas)
    {
        ReplicaReport[] reports = await Task.WhenAll(replicas.Select(r => r.ReportAsync()));
        return string.Join("; ", reports.Select((r, hop) =>
            $"hop {hop + 1} at {r.Revision:n0}, {r.Lag:n0} revisions behind, at most {r.Staleness?.ToString("n2", System.Globalization.CultureInfo.InvariantCulture) ?? "?"} s old"));
    }
}
