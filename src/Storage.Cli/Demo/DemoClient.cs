using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using WsStorage.Cli.Bench;

namespace WsStorage.Cli.Demo;

/// <summary>
/// Reads, over the wire, what the producer records, in every way that a storage has, and checks that all of them say the
/// same. Knows nothing of the producer but the layout of the keys.
/// </summary>
internal sealed class DemoClient(IStorage storage, WatchReplay watch)
{
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(30);

    private const int History = 16;

    private readonly LatencyHistogram _latencies = new();
    private long _gets;
    private long _manyGets;
    private long _scans;
    private long _batches;
    private long _refused;
    private long _values;
    private string? _failure;
    private string _newest = "";

    public ClientReport Report(StoreDigest? digest = null, WatchDigest? watched = null) => new()
    {
        Gets = _gets,
        ManyGets = _manyGets,
        Scans = _scans,
        Batches = _batches,
        RefusedBatches = _refused,
        ValuesRead = _values,
        GetP50Milliseconds = _latencies.Percentile(0.5).TotalMilliseconds,
        GetP99Milliseconds = _latencies.Percentile(0.99).TotalMilliseconds,
        Watched = watch.Events,
        Newest = _newest,
        Digest = digest,
        Watch = watched,
        Failure = _failure,
    };

    /// <summary>Reads in every way, once, and writes one batch.</summary>
    public async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        var newest = new List<string>();
        List<Entry> latest = await ScanAsync(new ScanOptions { Range = KeyRange.Prefix(DemoKeys.Latest) }, cancellationToken);
        Check(latest.Count > 0, "a scan of the newest readings found none");
        foreach (Entry entry in latest)
        {
            string source = entry.KeyText[DemoKeys.Latest.Length..];
            byte[] value = await GetAsync(DemoKeys.LatestOf(source), cancellationToken);
            long tick = TickOf(value);
            Check(tick >= TickOf(entry.Value), $"a get of {source} was older than the scan before it");
            await ReadHistoryAsync(source, tick, cancellationToken);
            newest.Add(Describe(source, value));
        }

        _newest = string.Join("  ", newest.Where(text => text.Length > 0));
        await WriteAsync(cancellationToken);
    }

    /// <summary>Notes what did not hold elsewhere.</summary>
    public void Fail(string failure) => _failure ??= failure;

    /// <summary>Reads the whole store, and waits until the watch has come as far.</summary>
    public async Task<StoreDigest> FinishAsync(CancellationToken cancellationToken)
    {
        GetResult refused = await storage.GetAsync(DemoKeys.Bytes(DemoKeys.ClientRefused), cancellationToken);
        Check(!refused.Found, "a batch that was refused by its precondition changed something");
        _scans++;
        StoreDigest digest = await ScanWholeAsync(() => StoreDigest.ComputeAsync(storage, cancellationToken));
        try
        {
            await watch.WaitForAsync(digest.Revision).WaitAsync(WatchPatience, cancellationToken);
        }
        catch (TimeoutException)
        {
            Check(held: false, $"the watch did not come to revision {digest.Revision:N0} within {WatchPatience.TotalSeconds:0} s");
        }

        return digest;
    }

    /// <summary>Reads the same readings by single get, many-get and prefix scan: they never change, so all must agree.</summary>
    private async Task ReadHistoryAsync(string source, long tick, CancellationToken cancellationToken)
    {
        string[] keys = [.. Enumerable.Range(0, (int)Math.Min(History, tick)).Select(back => DemoKeys.ReadingOf(source, tick - back))];
        GetManyResult many = await storage.GetManyAsync(
            [.. keys.Select(key => new ReadOnlyMemory<byte>(DemoKeys.Bytes(key)))], cancellationToken);
        _manyGets++;
        _values += keys.Length;
        Check(many.Values.All(value => value is not null), $"a many-get of {source} missed readings");
        byte[] one = await GetAsync(keys[^1], cancellationToken);
        Check(one.AsSpan().SequenceEqual(many.Values[^1]), $"a get and a many-get of {keys[^1]} differ");

        var options = new ScanOptions { Range = KeyRange.Prefix($"{DemoKeys.Readings}{source}/"), Reverse = true, Limit = History + 8 };
        var scanned = (await ScanAsync(options, cancellationToken)).ToDictionary(entry => entry.KeyText, entry => entry.Value, StringComparer.Ordinal);
        Check(
            keys.Zip(many.Values).All(pair => !scanned.TryGetValue(pair.First, out byte[]? value) || value.AsSpan().SequenceEqual(pair.Second)),
            $"a scan and a many-get of {source} differ");
        Check(scanned.ContainsKey(keys[0]) || scanned.Count == options.Limit, $"a scan of {source} missed the newest reading");
    }

    /// <summary>One batch whose precondition holds, and one whose precondition does not.</summary>
    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        byte[] rounds = DemoKeys.Bytes(DemoKeys.ClientRounds);
        var batch = new WriteBatch();
        _ = _batches == 0 ? batch.RequireAbsent(rounds) : batch.RequireEqual(rounds, Text(_batches));
        batch.Put(rounds, Text(_batches + 1)).Put("client/values-read", _values.ToString(CultureInfo.InvariantCulture));
        WriteResult applied = await storage.WriteAsync(batch, cancellationToken);
        Check(applied.Applied, "a batch was refused although its precondition held");
        _batches++;

        WriteResult refused = await storage.WriteAsync(
            new WriteBatch().RequireAbsent(rounds).Put(DemoKeys.ClientRefused, "never"), cancellationToken);
        Check(!refused.Applied && refused.FailedPrecondition == 0, "a batch was applied although its precondition did not hold");
        _refused++;
    }

    private async Task<byte[]> GetAsync(string key, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        GetResult result = await storage.GetAsync(DemoKeys.Bytes(key), cancellationToken);
        _latencies.Record(Stopwatch.GetTimestamp() - start);
        _gets++;
        _values++;
        return result.Value ?? throw new DemoCheckException($"a get of {key} found nothing");
    }

    private async Task<List<Entry>> ScanAsync(ScanOptions options, CancellationToken cancellationToken)
    {
        List<Entry> entries = await ScanWholeAsync(
            async () =>
            {
                var found = new List<Entry>();
                await foreach (Entry entry in storage.ScanAsync(options, cancellationToken))
                {
                    found.Add(entry);
                }

                return found;
            });
        _scans++;
        _values += entries.Count;
        return entries;
    }

    /// <summary>
    /// Scans until that comes to its end: one that had begun when the connection was lost can't go on at its revision, and fails.
    /// </summary>
    private static async Task<T> ScanWholeAsync<T>(Func<Task<T>> scan)
    {
        while (true)
        {
            try
            {
                return await scan();
            }
            catch (StorageException exception) when (exception.Code == StorageErrorCode.ConnectionLost)
            {
                // Anew, over the next connection.
            }
        }
    }

    private void Check(bool held, string failure)
    {
        if (!held)
        {
            _failure ??= failure;
            throw new DemoCheckException(failure);
        }
    }

    private static byte[] Text(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static long TickOf(byte[] reading)
    {
        using var json = JsonDocument.Parse(reading);
        return json.RootElement.GetProperty("tick").GetInt64();
    }

    private static string Describe(string source, byte[] reading)
    {
        using var json = JsonDocument.Parse(reading);
        return json.RootElement.TryGetProperty("busyPercent", out JsonElement busy) ? $"{source} {busy.GetDouble():0} % busy"
            : json.RootElement.TryGetProperty("usedPercent", out JsonElement used) ? $"{source} {used.GetDouble():0} % used"
            : "";
    }
}

/// <summary>What the client read was not what it had to be.</summary>
internal sealed class DemoCheckException(string message) : Exception(message);
