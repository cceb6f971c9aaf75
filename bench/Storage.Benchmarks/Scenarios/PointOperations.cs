using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>Gets and puts of single keys with 256 outstanding.</summary>
internal sealed class PointOperations : IScenario
{
    private const int Depth = 256;

    public string Name => "points";

    public string Title => $"Gets and puts of single keys, one connection, {Depth} outstanding.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        int keys = site.Options.Keys;
        await StorageLoad.FillAsync(client, site.Options, keys, cancellationToken);
        await host.CompactAsync(cancellationToken);
        Contest gets = await site.NewContest("operations/s")
            .Add("get", token => StorageLoad.MeasureAsync([client], Workload.Get, Depth, site.Options, keys, token))
            .RunAsync(cancellationToken);
        result.Add(gets.All);
        Contest puts = await site.NewContest("operations/s")
            .Add("put Buffered", token => StorageLoad.MeasureAsync([client], Workload.Put, Depth, site.Options, keys, token))
            .RunAsync(cancellationToken);
        result.Add(puts.All);
    }
}
