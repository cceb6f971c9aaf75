using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>Gets on 50 connections at once, and whether each gets its share.</summary>
internal sealed class ManyConnections : IScenario
{
    private const int Connections = 50;
    private const int Depth = 16;
    private const string Ours = "get, RocksDB";
    private const string Redis = "Redis everysec over TLS";

    public string Name => "connections";

    public string Title => $"Gets on {Connections} connections, {Depth} outstanding on each.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using RedisLoad? redis = await RedisLoad.TryStartAsync(site, RedisLoad.EverySecond, cancellationToken);
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        var clients = new List<WsStorageClient>();
        try
        {
            for (int i = 0; i < Connections; i++)
            {
                clients.Add(await site.ConnectAsync(host, cancellationToken));
            }

            await StorageLoad.FillAsync(clients[0], site.Options, site.Options.Keys, cancellationToken);
            await host.CompactAsync(cancellationToken);
            await StorageLoad.WarmAsync(clients[0], site.Options.Keys, cancellationToken);
            await MeasureAsync(site, result, clients, redis, cancellationToken);
        }
        finally
        {
            foreach (WsStorageClient client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    private static async Task MeasureAsync(
        Site site, ScenarioResult result, IReadOnlyList<IStorage> clients, RedisLoad? redis, CancellationToken cancellationToken)
    {
        var slowest = new List<double>();
        Contest contest = site.NewContest("operations/s").Add(Ours, async token =>
        {
            BenchResult run = await StorageLoad.RunAsync(clients, Workload.Get, Depth, site.Options, site.Options.Keys, token);
            slowest.Add(run.OperationsByConnection.Min() / run.OperationsByConnection.Average());
            return new Sample(run.OperationsPerSecond);
        });
        if (redis is not null)
        {
            contest.Add(Redis, async token => new Sample((await redis.MeasureAsync(Workload.Get, Connections, Depth, token)).Rate));
        }

        await contest.RunAsync(cancellationToken);
        result.Add(contest.All);
        result.CheckRedis(Goals.FiftyConnections, contest, Ours, Redis);

        // The contest drops the warm-up, and so does this.
        result.Check(Goals.Fairness, Ratio.Of(slowest[Contest.WarmUps..]));
    }
}
