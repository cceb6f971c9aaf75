using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>Whether gets stay quick when there are more keys and more connections.</summary>
internal sealed class Growth : IScenario
{
    private const int Depth = 256;
    private const int ManyConnections = 1000;
    private const int FewConnections = 50;
    private const int DepthOfEach = 16;

    // For ten million rows of 116 bytes: what is measured is memory.
    private const long RowCacheBytes = 3L << 30;
    private const string Many = "get, 1,000 connections";
    private const string Few = "get, 50 connections";
    private const string ManyLone = "get, 1,000 connections, one outstanding on each";

    public string Name => "growth";

    public string Title => "Gets with a hundred times the keys, and with twenty times the connections.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        int few = Math.Max(1, site.Options.Keys / 10);
        int many = site.Options.Keys * 10;
        var enough = new HostOptions { RowCacheBytes = RowCacheBytes };
        await using HostProcess small = await site.StartHostAsync(enough, cancellationToken);
        await using WsStorageClient client = await FillAsync(site, small, few, cancellationToken);
        await MeasureConnectionsAsync(site, small, few, result, cancellationToken);
        await using HostProcess large = await site.StartHostAsync(enough, cancellationToken);
        await using WsStorageClient other = await FillAsync(site, large, many, cancellationToken);
        Contest contest = await site.NewContest("operations/s")
            .Add($"get, {many:N0} keys", token => StorageLoad.MeasureAsync([other], Workload.Get, Depth, site.Options, many, token))
            .Add($"get, {few:N0} keys", token => StorageLoad.MeasureAsync([client], Workload.Get, Depth, site.Options, few, token))
            .RunAsync(cancellationToken);
        result.Add(contest.All);
        result.Check(Goals.MoreKeys, contest, $"get, {many:N0} keys", $"get, {few:N0} keys");
    }

    private static async Task<WsStorageClient> FillAsync(Site site, HostProcess host, int keys, CancellationToken cancellationToken)
    {
        WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await StorageLoad.FillAsync(client, site.Options, keys, cancellationToken);
        await host.CompactAsync(cancellationToken);
        await StorageLoad.WarmAsync(client, keys, cancellationToken);
        return client;
    }

    private static async Task MeasureConnectionsAsync(
        Site site, HostProcess host, int keys, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using Clients many = await Clients.ConnectAsync(site, host, ManyConnections, cancellationToken);
        await using Clients few = await Clients.ConnectAsync(site, host, FewConnections, cancellationToken);
        result.Note($"Where nothing else is said, {DepthOfEach} gets are outstanding on each connection.");
        Contest contest = await site.NewContest("operations/s")
            .Add(Many, token => StorageLoad.MeasureAsync(many.From(0), Workload.Get, DepthOfEach, site.Options, keys, token))
            .Add(Few, token => StorageLoad.MeasureAsync(few.From(0), Workload.Get, DepthOfEach, site.Options, keys, token))
            .Add(ManyLone, token => StorageLoad.MeasureAsync(many.From(0), Workload.Get, 1, site.Options, keys, token))
            .RunAsync(cancellationToken);
        result.Add(contest.All);
        result.Check(Goals.MoreConnections, contest, Many, Few);
    }
}
