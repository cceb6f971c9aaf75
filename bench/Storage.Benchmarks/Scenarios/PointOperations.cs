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
    private const string Get = "get, RocksDB";
    private const string MemoryGet = "get, in-memory engine";
    private const string BufferedPut = "put Buffered";
    private const string SyncedPut = "put Synced";
    private const string RocksDb = "RocksDB called directly, 128 together, one thread";
    private const string Engine = "the engine with its row cache, called in the same way";
    private const string Http2 = "one HTTP/2 request per operation";
    private const string Echo = "WebSocket echo, one message each";
    private const string RedisEverySecond = "Redis everysec over TLS";
    private const string RedisAlways = "Redis always over TLS";

    public string Name => "points";

    public string Title => $"Gets and puts of single keys, one connection, {Depth} outstanding.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using RedisLoad? redis = await RedisLoad.TryStartAsync(site, RedisLoad.EverySecond, cancellationToken);
        result.Note(
            redis is null
                ? RedisServer.NotInstalled
                : $"Redis {await RedisServer.GetVersionAsync(cancellationToken)}, append-only file, not rewritten while measured; driven by its redis-benchmark.");
        result.Note("Ours is compacted before each round of puts, so that nobody pays for what another has left behind.");
        await MeasureBufferedAsync(site, result, redis, cancellationToken);
        await MeasureMemoryAsync(site, result, redis, cancellationToken);
        await MeasureSyncedAsync(site, result, redis, cancellationToken);
    }

    private static async Task MeasureBufferedAsync(Site site, ScenarioResult result, RedisLoad? redis, CancellationToken cancellationToken)
    {
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using WsStorageClient client = await StartClientAsync(site, host, cancellationToken);
        await using HostProcess plain = await site.StartHostAsync(new HostOptions { RowCacheBytes = 0 }, cancellationToken);
        await using (await StartClientAsync(site, plain, cancellationToken))
        {
        }

        using var http2 = new Http2Load(host.Addresses.Http2, site.Certificates.LoadClient(), site.Options, site.Options.Keys);
        using EchoLoad echo = await EchoLoad.ConnectAsync(host.Addresses.Peers, site.Certificates.LoadClient(), site.Options, cancellationToken);
        Contest gets = site.NewContest("operations/s")
            .Add(Get, Ours(site, client, Workload.Get))
            .Add(RocksDb, token => EngineLoad.MeasureAsync(plain, Workload.Get, site.Options, site.Options.Keys, token))
            .Add(Engine, token => EngineLoad.MeasureAsync(host, Workload.Get, site.Options, site.Options.Keys, token));
        AddRedis(gets, RedisEverySecond, redis, Workload.Get)
            .Add(Http2, token => http2.MeasureAsync(Workload.Get, Depth, token))
            .Add(Echo, token => echo.MeasureAsync(Depth, token));
        await gets.RunAsync(cancellationToken);
        result.Add(gets.All);
        result.CheckRedis(Goals.GetAgainstRedis, gets, Get, RedisEverySecond);
        result.Check(Goals.GetAgainstEngine, gets, Get, RocksDb);
        result.Check(Goals.GetAgainstHttp2, gets, Get, Http2);

        Contest puts = site.NewContest("operations/s")
            .Add(BufferedPut, ThenCompacted(host, Ours(site, client, Workload.Put)))
            .Add(RocksDb, ThenCompacted(host, token => EngineLoad.MeasureAsync(host, Workload.Put, site.Options, site.Options.Keys, token)));
        AddRedis(puts, RedisEverySecond, redis, Workload.Put)
            .Add(Http2, ThenCompacted(host, token => http2.MeasureAsync(Workload.Put, Depth, token)));
        await puts.RunAsync(cancellationToken);
        result.Add(puts.All);
        result.CheckRedis(Goals.BufferedPut, puts, BufferedPut, RedisEverySecond);
        result.Check(Goals.PutAgainstHttp2, puts, BufferedPut, Http2);
    }

    private static async Task MeasureMemoryAsync(Site site, ScenarioResult result, RedisLoad? redis, CancellationToken cancellationToken)
    {
        await using HostProcess host = await site.StartHostAsync(new HostOptions { Memory = true }, cancellationToken);
        await using WsStorageClient client = await StartClientAsync(site, host, cancellationToken);
        Contest gets = AddRedis(
            site.NewContest("operations/s").Add(MemoryGet, Ours(site, client, Workload.Get)), RedisEverySecond, redis, Workload.Get);
        await gets.RunAsync(cancellationToken);
        result.Add(gets.All);
        result.CheckRedis(Goals.MemoryGet, gets, MemoryGet, RedisEverySecond);
    }

    private static async Task MeasureSyncedAsync(Site site, ScenarioResult result, RedisLoad? redis, CancellationToken cancellationToken)
    {
        await using RedisLoad? always = await RedisLoad.TryStartAsync(site, RedisLoad.Always, cancellationToken);
        await using HostProcess host = await site.StartHostAsync(new HostOptions { Durability = Durability.Synced }, cancellationToken);
        await using WsStorageClient client = await StartClientAsync(site, host, cancellationToken);
        Contest puts = site.NewContest("operations/s").Add(SyncedPut, ThenCompacted(host, Ours(site, client, Workload.Put)));
        AddRedis(puts, RedisAlways, always, Workload.Put);
        AddRedis(puts, RedisEverySecond, redis, Workload.Put);
        await puts.RunAsync(cancellationToken);
        result.Add(puts.All);
        result.CheckRedis(Goals.SyncedPutAgainstAlways, puts, SyncedPut, RedisAlways);
        result.CheckRedis(Goals.SyncedPutAgainstEverySec, puts, SyncedPut, RedisEverySecond);
    }

    private static async Task<WsStorageClient> StartClientAsync(Site site, HostProcess host, CancellationToken cancellationToken)
    {
        WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await StorageLoad.FillAsync(client, site.Options, site.Options.Keys, cancellationToken);
        await host.CompactAsync(cancellationToken);
        await StorageLoad.WarmAsync(client, site.Options.Keys, cancellationToken);
        return client;
    }

    private static Func<CancellationToken, Task<Sample>> Ours(Site site, WsStorageClient client, Workload workload) =>
        token => StorageLoad.MeasureAsync([client], workload, Depth, site.Options, site.Options.Keys, token);

    private static Contest AddRedis(Contest contest, string name, RedisLoad? redis, Workload workload) =>
        redis is null ? contest : contest.Add(name, async token => new Sample((await redis.MeasureAsync(workload, 1, Depth, token)).Rate));

    /// <summary>Has the store tidy up after what it took, so that whoever is measured next does not pay for it.</summary>
    private static Func<CancellationToken, Task<Sample>> ThenCompacted(HostProcess host, Func<CancellationToken, Task<Sample>> measureAsync) =>
        async token =>
        {
            Sample sample = await measureAsync(token);
            await host.CompactAsync(token);
            return sample;
        };
}
