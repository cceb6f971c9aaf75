using System.Text;
using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>What one writer writes is told to a thousand watches; and what watches cost that are told nothing.</summary>
internal sealed class FanOut : IScenario
{
    private const int Connections = 50;
    private const int PerConnection = 20;
    private const int IdleWatches = 10_000;
    private const int IdleConnections = 10;
    private const int Depth = 256;
    private const int Keys = 100_000;
    private const int WritesPerSecond = 1000;
    private const int WarmUpWrites = 20_000;
    private const string Watches = "watches told of puts";
    private const string Broadcast = "a plain WebSocket broadcast";
    private const string Watched = "put, 10,000 watches that do not match";
    private const string Unwatched = "put, no watches";

    // What the broadcast sends has as many bytes as the operations of a put.
    private const int OperationOverhead = 3;

    public string Name => "fanout";

    public string Title => $"One writer and {Connections * PerConnection:N0} watches on {Connections} connections; {IdleWatches:N0} watches of other keys.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        RunOptions options = site.Options with { Keys = Math.Min(Keys, site.Options.Keys) };
        await MeasureMatchingAsync(site, options, result, cancellationToken);
        await MeasureOthersAsync(site, options, result, cancellationToken);
    }

    private static async Task MeasureMatchingAsync(Site site, RunOptions options, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using Clients clients = await Clients.ConnectAsync(site, host, Connections + 1, cancellationToken);
        await using WatchLoad watches =
            await WatchLoad.OpenAsync(clients[0], clients.From(1), PerConnection, KeyRange.All, options, cancellationToken);
        using BroadcastLoad broadcast = await BroadcastLoad.ConnectAsync(
            host.Addresses.Peers,
            site.Certificates.LoadClient(),
            Connections,
            PerConnection,
            BenchData.KeyBytes + options.ValueBytes + OperationOverhead,
            cancellationToken);
        int count = Math.Max(1, (int)(WritesPerSecond * options.Duration.TotalSeconds));

        // A thousand readers take a while to be compiled as well as they get.
        await watches.MeasureAsync(WarmUpWrites, cancellationToken);
        await broadcast.MeasureAsync(WarmUpWrites, cancellationToken);
        Contest contest = await site.NewContest("events/s")
            .Add(Watches, token => watches.MeasureAsync(count, token))
            .Add(Broadcast, token => broadcast.MeasureAsync(count, token))
            .RunAsync(cancellationToken);
        result.Add(contest.All);
        result.Check(Goals.FanOut, contest, Watches, Broadcast);
    }

    private static async Task MeasureOthersAsync(Site site, RunOptions options, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using HostProcess watched = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using HostProcess unwatched = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using Clients clients = await Clients.ConnectAsync(site, watched, IdleConnections + 1, cancellationToken);
        await using WsStorageClient other = await site.ConnectAsync(unwatched, cancellationToken);
        await StorageLoad.FillAsync(clients[0], options, options.Keys, cancellationToken);
        await StorageLoad.FillAsync(other, options, options.Keys, cancellationToken);
        KeyRange elsewhere = KeyRange.Prefix(Encoding.UTF8.GetBytes("elsewhere/"));
        await using WatchLoad watches = await WatchLoad.OpenAsync(
            clients[0], clients.From(1), IdleWatches / IdleConnections, elsewhere, options, cancellationToken);
        Contest contest = await site.NewContest("operations/s")
            .Add(Watched, token => StorageLoad.MeasureAsync([clients[0]], Workload.Put, Depth, options, options.Keys, token))
            .Add(Unwatched, token => StorageLoad.MeasureAsync([other], Workload.Put, Depth, options, options.Keys, token))
            .RunAsync(cancellationToken);
        result.Add(contest.All);
        result.Check(Goals.IdleWatches, contest, Watched, Unwatched);
    }
}
