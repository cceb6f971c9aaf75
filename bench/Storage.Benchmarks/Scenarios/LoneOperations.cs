using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>How long one operation takes: with no other outstanding, and at rates that do not wait for answers.</summary>
internal sealed class LoneOperations : IScenario
{
    // The rate that is measured to take a share of it.
    private const int FullDepth = 256;
    private const int MaxOpenRounds = 2;
    private const double ShareOfMaximum = 0.7;
    private const string Echo = "WebSocket echo";
    private const string Redis = "Redis everysec over TLS";
    private const string Http2 = "one HTTP/2 request per operation";

    private static readonly double[] OfferedRates = [10_000, 50_000, 100_000];
    private static readonly double[] Shares = [0.5, 0.99, 0.999];

    public string Name => "latency";

    public string Title => "Latency of gets and puts: one outstanding (median over rounds of p50), and at offered rates, from when each was due.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        await using RedisLoad? redis = await RedisLoad.TryStartAsync(site, RedisLoad.EverySecond, cancellationToken);
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await StorageLoad.FillAsync(client, site.Options, site.Options.Keys, cancellationToken);
        await host.CompactAsync(cancellationToken);
        await StorageLoad.WarmAsync(client, site.Options.Keys, cancellationToken);
        await MeasureOpenAsync(site, result, client, cancellationToken);

        Contest gets = await MeasureLoneAsync("get", Workload.Get, site, result, host, client, redis, cancellationToken);
        result.Check(Goals.LoneGetAgainstEcho, gets, "get", Echo);
        result.CheckRedis(Goals.LoneGetAgainstRedis, gets, "get", Redis);
        result.Check(Goals.LoneGetAgainstHttp2, gets, "get", Http2);

        Contest puts = await MeasureLoneAsync("put Buffered", Workload.Put, site, result, host, client, redis, cancellationToken);
        result.Check(Goals.LonePutAgainstEcho, puts, "put Buffered", Echo);
        result.CheckRedis(Goals.LonePutAgainstRedis, puts, "put Buffered", Redis);
        result.Check(Goals.LonePutAgainstHttp2, puts, "put Buffered", Http2);
        if (redis is not null)
        {
            result.Note("redis-benchmark counts latencies in buckets of 8 us: its p50 is the middle of one, its p99 the end of one.");
        }
    }

    private static async Task<Contest> MeasureLoneAsync(
        string name, Workload workload, Site site, ScenarioResult result, HostProcess host, WsStorageClient client, RedisLoad? redis, CancellationToken cancellationToken)
    {
        using var http2 = new Http2Load(host.Addresses.Http2, site.Certificates.LoadClient(), site.Options, site.Options.Keys);
        using EchoLoad echo = await EchoLoad.ConnectAsync(host.Addresses.Peers, site.Certificates.LoadClient(), site.Options, cancellationToken);
        var redisTails = new List<double>();
        Contest contest = site.NewContest("us")
            .Add(name, async token => ByMedian(await StorageLoad.MeasureAsync([client], workload, 1, site.Options, site.Options.Keys, token)))
            .Add(Echo, async token => ByMedian(await echo.MeasureAsync(1, token)))
            .Add(Http2, async token => ByMedian(await http2.MeasureAsync(workload, 1, token)));
        if (redis is not null)
        {
            contest.Add(Redis, async token =>
            {
                RedisFigures figures = await redis.MeasureAsync(workload, 1, 1, token);
                redisTails.Add(figures.P99);
                return new Sample(figures.P50);
            });
        }

        await contest.RunAsync(cancellationToken);
        result.Add(contest.All.Select(series => series with { Name = series.Name + ", p50" }));

        // The contest drops the warm-up, and so does this.
        IEnumerable<Series> tails = new[] { name, Echo, Http2 }.Select(one => contest.LatencyOf(one, 0.99));
        result.Add(redis is null ? tails : tails.Append(new Series($"{Redis}, p99", "us", redisTails[Contest.WarmUps..])));
        return contest;
    }

    private static async Task MeasureOpenAsync(Site site, ScenarioResult result, WsStorageClient client, CancellationToken cancellationToken)
    {
        Sample full = await StorageLoad.MeasureAsync([client], Workload.Get, FullDepth, site.Options, site.Options.Keys, cancellationToken);
        var contest = new Contest("us", Math.Min(site.Options.Rounds, MaxOpenRounds), site.Progress);
        (string Name, double Rate)[] offered =
        [
            .. OfferedRates.Select(rate => ($"get, {rate:N0}/s offered", rate)),
            ($"get, {ShareOfMaximum:P0} of what depth {FullDepth} reaches offered", ShareOfMaximum * full.Value),
        ];
        foreach ((string name, double rate) in offered)
        {
            contest.Add(name, async token =>
            {
                using var loop = new OpenLoop(client, rate, site.Options, site.Options.Keys);
                return ByMedian(await loop.MeasureAsync(token));
            });
        }

        await contest.RunAsync(cancellationToken);
        foreach ((string name, _) in offered)
        {
            result.Add(Shares.Select(share => contest.LatencyOf(name, share)));
        }

        result.Note($"Depth {FullDepth} reached {full.Value:N0} gets/s. At an offered rate an operation's latency counts from when it was due, sent or not.");
    }

    private static Sample ByMedian(Sample sample) => sample with { Value = sample.Latencies!.Percentile(0.5).TotalMicroseconds };
}
