using System.Globalization;
using System.Text;
using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>
/// What <c>redis-benchmark</c> showed in one run. It counts latencies in buckets of 8 us and tells a bucket's end: that of the
/// median is taken as the bucket's middle.
/// </summary>
/// <param name="Rate">Operations per second.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
internal sealed record RedisFigures(double Rate, double P50, double P99);

/// <summary>
/// Gets and puts of single keys in Redis, by its own <c>redis-benchmark</c>: keys of 16 bytes, <c>key:</c> and twelve digits.
/// It does not look at values, so the server's count of hits and misses is checked in their place.
/// </summary>
internal sealed class RedisLoad : IAsyncDisposable
{
    public const string EverySecond = "everysec";
    public const string Always = "always";

    private const double BucketMicroseconds = 8;
    private const int FirstOperations = 5000;

    // How fast each load was when it last ran: redis-benchmark takes a count and no duration.
    private readonly Dictionary<(Workload Workload, int Connections, int Depth), double> _rates = [];

    private readonly RedisServer _server;
    private readonly RunOptions _options;
    private long _hits;

    private RedisLoad(RedisServer server, RunOptions options)
    {
        _server = server;
        _options = options;
    }

    /// <summary>Starts a Redis and writes all keys, so that every get hits.</summary>
    /// <param name="site">Where, and how many keys.</param>
    /// <param name="fsync"><see cref="EverySecond"/> or <see cref="Always"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Nothing where Redis is not installed.</returns>
    public static async Task<RedisLoad?> TryStartAsync(Site site, string fsync, CancellationToken cancellationToken)
    {
        if (!RedisServer.IsInstalled)
        {
            return null;
        }

        var load = new RedisLoad(await RedisServer.StartAsync(site.Certificates, site.NewPath("redis"), fsync, cancellationToken), site.Options);
        try
        {
            await load.FillAsync(cancellationToken);
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    /// <summary>Measures for about as long as the options say; the first time, a short run finds out what that takes.</summary>
    /// <param name="workload">Gets or puts.</param>
    /// <param name="connections">How many connections.</param>
    /// <param name="depth">How many operations are outstanding on each.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="WrongValueException">A get found nothing.</exception>
    public async Task<RedisFigures> MeasureAsync(Workload workload, int connections, int depth, CancellationToken cancellationToken)
    {
        if (!_rates.TryGetValue((workload, connections, depth), out double rate))
        {
            long first = (long)(FirstOperations * Math.Sqrt(connections * depth));
            rate = (await RunAsync(workload, connections, depth, first, cancellationToken)).Rate;
        }

        long operations = (long)(rate * _options.Duration.TotalSeconds);
        RedisFigures figures = await RunAsync(workload, connections, depth, operations, cancellationToken);
        _rates[(workload, connections, depth)] = figures.Rate;
        return figures;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        await _server.Tools.RunAsync(RedisTools.Client, ["--pipe"], cancellationToken, WriteSetsAsync);
        string size = await _server.Tools.RunAsync(RedisTools.Client, ["dbsize"], cancellationToken);
        if (int.Parse(size, CultureInfo.InvariantCulture) != _options.Keys)
        {
            throw new WrongValueException($"Redis has {size.Trim()} keys of the {_options.Keys:N0} that were written.");
        }
    }

    private async Task<RedisFigures> RunAsync(
        Workload workload, int connections, int depth, long operations, CancellationToken cancellationToken)
    {
        // Whole pipelines on every connection, at least one.
        int step = connections * depth;
        operations = (operations + step - 1) / step * step;
        string[] arguments =
        [
            "-t", workload == Workload.Get ? "get" : "set", "-c", Text(connections), "-P", Text(depth), "-n", Text(operations),
            "-r", Text(_options.Keys), "-d", Text(_options.ValueBytes), "--csv",
        ];
        string csv = await _server.Tools.RunAsync(RedisTools.Benchmark, arguments, cancellationToken);
        if (workload == Workload.Get)
        {
            await CheckHitsAsync(operations, cancellationToken);
        }

        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        string[] fields = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split(',');
        return new RedisFigures(Number(fields[1]), (Number(fields[4]) * 1000) - (BucketMicroseconds / 2), Number(fields[6]) * 1000);
    }

    private async Task CheckHitsAsync(long operations, CancellationToken cancellationToken)
    {
        string info = await _server.Tools.RunAsync(RedisTools.Client, ["info", "stats"], cancellationToken);
        long hits = Stat(info, "keyspace_hits:");
        long misses = Stat(info, "keyspace_misses:");
        if (misses > 0 || hits - _hits < operations)
        {
            throw new WrongValueException($"Of {operations:N0} gets Redis counted {hits - _hits:N0} hits, and {misses:N0} misses.");
        }

        _hits = hits;
    }

    /// <summary>Writes all keys in Redis' own protocol: fast, and each of them once.</summary>
    private async Task WriteSetsAsync(Stream output)
    {
        string value = new('x', _options.ValueBytes);
        await using var writer = new StreamWriter(output, Encoding.ASCII, bufferSize: 1 << 20, leaveOpen: true);
        for (int key = 0; key < _options.Keys; key++)
        {
            await writer.WriteAsync($"*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:D12}\r\n${value.Length}\r\n{value}\r\n");
        }
    }

    private static long Stat(string info, string name) =>
        long.Parse(info.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..], CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string field) => double.Parse(field.Trim('"', '\r'), CultureInfo.InvariantCulture);
}
