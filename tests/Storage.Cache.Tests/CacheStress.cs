using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

/// <summary>
/// Random writers, directly and through the cache, and random readers over a <see cref="RestlessSource"/>; each key has one
/// writer, who writes growing versions, two keys at a time. Afterwards every read is compared with what was committed.
/// </summary>
public class CacheStress
{
    private const int Pairs = 12;
    private const int Readers = 6;
    private const int ReadsPerReader = 3000;

    private static readonly TimeSpan MaxStaleness = TimeSpan.FromMilliseconds(400);

    private readonly ConcurrentQueue<string> _violations = new();
    private readonly List<Committed>[] _committed = [.. Enumerable.Range(0, Pairs).Select(_ => new List<Committed>())];
    private readonly int[] _newestRead = new int[Pairs];
    private readonly ManualTimeProvider _clock = new();

    [Test]
    [Repeat(3)]
    public async Task No_read_is_older_than_its_bound_and_none_goes_back()
    {
        Array.ForEach(_committed, list => list.Clear());
        Array.Clear(_newestRead);
        _violations.Clear();
        int seed = Random.Shared.Next(1_000_000);
        await using var store = new InMemoryStorage();
        var source = new RestlessSource(store, seed);
        await using var cache = new CachedStorage(
            source, new CacheOptions { TimeProvider = _clock, MaxStaleness = MaxStaleness, Jitter = () => 0.01, MaxBytes = 64 * 1024 });
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 3).Select(number => Task.Run(() => WriteAsync(number, store, cache, new Random(seed + number), stop.Token)))];
        ConcurrentQueue<Read> reads = new();
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(
            number => Task.Run(() => ReadAsync(cache, reads, new Random(seed + 100 + number)))));
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        foreach (Read read in reads)
        {
            Check(read);
        }

        CacheStatistics statistics = cache.Statistics;
        TestContext.Out.WriteLine($"seed {seed}: {statistics}, {statistics.HitRate:p0}, {reads.Count(read => read.IsMany && read.IsHit)} hits of pairs");
        Assert.That(_violations, Is.Empty, $"seed {seed}");
        Assert.That(statistics.HitRate, Is.GreaterThan(0.02), $"seed {seed}");
    }

    private static byte[] KeyOf(int pair, bool second) => Bytes.Of($"{pair:d2}/{(second ? 'b' : 'a')}");

    private static int VersionOf(byte[]? value) => value is null ? 0 : int.Parse(value, CultureInfo.InvariantCulture);

    private async Task WriteAsync(int number, InMemoryStorage store, CachedStorage cache, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int pair = (random.Next(Pairs / 3) * 3) + number;
            List<Committed> list = _committed[pair];
            byte[] value = Encoding.UTF8.GetBytes($"{list.Count + 1}");
            WriteBatch batch = new WriteBatch().Put(KeyOf(pair, false), value).Put(KeyOf(pair, true), value);
            WriteResult result = random.Next(2) == 0 ? await cache.WriteAsync(batch, CancellationToken.None) : await store.WriteAsync(batch, CancellationToken.None);
            lock (list)
            {
                list.Add(new Committed(result.Revision.Value, _clock.GetTimestamp()));
            }

            for (int i = random.Next(600); i > 0; i--)
            {
                await Task.Yield();
            }

            if (number == 0)
            {
                _clock.Advance(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    private async Task ReadAsync(CachedStorage cache, ConcurrentQueue<Read> reads, Random random)
    {
        for (int i = 0; i < ReadsPerReader; i++)
        {
            int pair = random.Next(Pairs);
            bool isMany = random.Next(4) == 0;
            bool isStrict = random.Next(20) == 0;
            ulong needed = cache.LastSeen.Value;
            int newest = Volatile.Read(ref _newestRead[pair]);
            long begun = _clock.GetTimestamp();
            int version;
            ulong revision;
            bool isHit;
            IStorage from = isStrict ? cache.Strict : cache;
            if (isMany)
            {
                Task<GetManyResult> read = from.GetManyAsync([KeyOf(pair, false), KeyOf(pair, true)]).AsTask();
                isHit = read.IsCompleted;
                GetManyResult result = await read;
                (version, revision) = (VersionOf(result.Values[0]), result.Revision.Value);
                if (VersionOf(result.Values[1]) != version)
                {
                    _violations.Enqueue($"a read of many found versions {version} and {VersionOf(result.Values[1])} of pair {pair}, hit: {isHit}");
                }
            }
            else
            {
                Task<GetResult> read = from.GetAsync(KeyOf(pair, random.Next(2) == 0)).AsTask();
                isHit = read.IsCompleted;
                GetResult result = await read;
                (version, revision) = (VersionOf(result.Value), result.Revision.Value);
            }

            reads.Enqueue(new Read(pair, version, revision, needed, newest, begun, isMany, isHit));
            if (!isMany)
            {
                continue;
            }

            // Both keys have this version: no read of either that begins from now on may go back.
            int known = Volatile.Read(ref _newestRead[pair]);
            while (version > known && Interlocked.CompareExchange(ref _newestRead[pair], version, known) is var found && found != known)
            {
                known = found;
            }
        }
    }

    private void Check(Read read)
    {
        List<Committed> list = _committed[read.Pair];
        ulong until = read.Version < list.Count ? list[read.Version].Revision : ulong.MaxValue;
        if (until <= read.Needed)
        {
            _violations.Enqueue($"{read}: overwritten at {until}, before what was last seen");
        }

        if (until <= read.Revision)
        {
            _violations.Enqueue($"{read}: overwritten at {until}, before its own revision");
        }

        if (read.Version < read.Newest)
        {
            _violations.Enqueue($"{read}: a read before it found a newer version");
        }

        long latest = read.Begun - (long)(MaxStaleness.TotalSeconds * _clock.TimestampFrequency);
        if (read.Version < list.Count && list[read.Version].AcknowledgedAt < latest)
        {
            _violations.Enqueue($"{read}: overwritten longer ago than it may be stale");
        }
    }

    private sealed record Committed(ulong Revision, long AcknowledgedAt);

    private sealed record Read(int Pair, int Version, ulong Revision, ulong Needed, int Newest, long Begun, bool IsMany, bool IsHit);
}
