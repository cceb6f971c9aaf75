using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Gate;

/// <summary>The checks, and what they are measured with.</summary>
internal sealed class GateChecks : IAsyncDisposable
{
    private const int Depth = 256;
    private const int Keys = 50_000;

    private readonly Site _site;
    private readonly HostProcess _host;
    private readonly HostProcess _plain;
    private readonly WsStorageClient _client;
    private readonly Http2Load _http2;
    private readonly EchoLoad _echo;
    private readonly WireLoad _wire;

    private GateChecks(Site site, HostProcess host, HostProcess plain, WsStorageClient client, Http2Load http2, EchoLoad echo, WireLoad wire)
    {
        _site = site;
        _host = host;
        _plain = plain;
        _client = client;
        _http2 = http2;
        _echo = echo;
        _wire = wire;
        All =
        [
            new(Goal.AtLeast($"get, depth {Depth}", "get, depth 1", 4), CompareAsync(Get(Depth), Get(1))),
            new(Goal.AtLeast($"get, depth {Depth}", "one HTTP/2 request per operation", 3), CompareAsync(Get(Depth), Http2(Workload.Get))),

            // Before the puts: a scan passes what they have written over, as much as RocksDB has not tidied up.
            new(Goal.AtLeast("scan, MB/s", "a bare TLS stream", 0.08), CompareAsync(Scan, _wire.MeasureAsync)),
            new(Goal.AtLeast($"put Buffered, depth {Depth}", "one HTTP/2 request per operation", 1.5), CompareAsync(Put(Depth), Http2(Workload.Put))),

            // Whether a processor sleeps between two messages makes both once or twice as long, and not always both.
            new(Goal.AtMost("one get outstanding, p50", "a raw WebSocket echo", 4), CompareLatencyAsync(Get(1), token => _echo.MeasureAsync(1, token))),
            new(Goal.AtLeast($"many-get of {BulkLoad.Together}", "RocksDB called directly", 0.2), CompareAsync(ManyGet, RocksDb)),
            new(Goal.AtMost("allocated on the server for a get", "", 16, "bytes"), RepeatAsync(AllocateOnServerAsync)),
            new(Goal.AtMost("near-cache hit, allocated beyond the value", "", 1, "bytes"), RepeatAsync(AllocateInCacheAsync)),
        ];
    }

    public IReadOnlyList<GateCheck> All { get; }

    public static async Task<GateChecks> StartAsync(CancellationToken cancellationToken)
    {
        // What each round shows is of interest when a check fails, and then the spread tells it.
        var site = new Site(new RunOptions { Duration = TimeSpan.FromSeconds(0.3), Keys = Keys }, new Progress<string>());
        HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await StorageLoad.FillAsync(client, site.Options, Keys, cancellationToken);
        await host.CompactAsync(cancellationToken);
        await StorageLoad.WarmAsync(client, Keys, cancellationToken);
        HostProcess plain = await site.StartHostAsync(new HostOptions { RowCacheBytes = 0 }, cancellationToken);
        await using (WsStorageClient other = await site.ConnectAsync(plain, cancellationToken))
        {
            await StorageLoad.FillAsync(other, site.Options, Keys, cancellationToken);
            await plain.CompactAsync(cancellationToken);
        }

        var http2 = new Http2Load(host.Addresses.Http2, site.Certificates.LoadClient(), site.Options, Keys);
        EchoLoad echo = await EchoLoad.ConnectAsync(host.Addresses.Peers, site.Certificates.LoadClient(), site.Options, cancellationToken);
        return new GateChecks(site, host, plain, client, http2, echo, await WireLoad.ConnectAsync(site, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _wire.DisposeAsync();
        _echo.Dispose();
        _http2.Dispose();
        await _client.DisposeAsync();
        await _host.DisposeAsync();
        await _plain.DisposeAsync();
        _site.Dispose();
    }

    private Func<CancellationToken, Task<Sample>> Get(int depth) =>
        token => StorageLoad.MeasureAsync([_client], Workload.Get, depth, _site.Options, Keys, token);

    private Func<CancellationToken, Task<Sample>> Put(int depth) =>
        token => StorageLoad.MeasureAsync([_client], Workload.Put, depth, _site.Options, Keys, token);

    private Func<CancellationToken, Task<Sample>> Http2(Workload workload) => token => _http2.MeasureAsync(workload, Depth, token);

    private Task<Sample> ManyGet(CancellationToken cancellationToken) => BulkLoad.GetManyAsync(_client, _site.Options, cancellationToken);

    private Task<Sample> RocksDb(CancellationToken cancellationToken) =>
        EngineLoad.MeasureAsync(_plain, Workload.Get, _site.Options, Keys, cancellationToken);

    private Task<Sample> Scan(CancellationToken cancellationToken) => BulkLoad.ScanAsync(_client, _site.Options, cancellationToken);

    private async Task<Sample> AllocateOnServerAsync(CancellationToken cancellationToken) =>
        new((await AllocationLoad.MeasureAsync(_host, _client, _site.Options, cancellationToken)).Server);

    private async Task<Sample> AllocateInCacheAsync(CancellationToken cancellationToken) =>
        new((await CacheLoad.MeasureAsync(_site.Options, cancellationToken)).AllocatedBytes);

    private Func<int, CancellationToken, Task<Ratio>> CompareAsync(
        Func<CancellationToken, Task<Sample>> ours, Func<CancellationToken, Task<Sample>> other) => async (rounds, token) =>
        {
            Contest contest = await RunAsync(rounds, ours, other, token);
            return contest[nameof(ours)].Over(contest[nameof(other)]);
        };

    private Func<int, CancellationToken, Task<Ratio>> CompareLatencyAsync(
        Func<CancellationToken, Task<Sample>> ours, Func<CancellationToken, Task<Sample>> other) => async (rounds, token) =>
        {
            Contest contest = await RunAsync(rounds, ours, other, token);
            return contest.LatencyOf(nameof(ours), 0.5).Over(contest.LatencyOf(nameof(other), 0.5));
        };

    private Task<Contest> RunAsync(
        int rounds, Func<CancellationToken, Task<Sample>> ours, Func<CancellationToken, Task<Sample>> other, CancellationToken cancellationToken) =>
        new Contest("", rounds, _site.Progress).Add(nameof(ours), ours).Add(nameof(other), other).RunAsync(cancellationToken);

    private Func<int, CancellationToken, Task<Ratio>> RepeatAsync(Func<CancellationToken, Task<Sample>> ours) => async (rounds, token) =>
        Ratio.Of((await new Contest("", rounds, _site.Progress).Add(nameof(ours), ours).RunAsync(token))[nameof(ours)].Values);
}
