using System.Diagnostics.Metrics;
using WsStorage.Cache.Entries;
using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

public class EvictionTests
{
    [Test]
    public async Task The_bound_in_bytes_is_kept_whatever_is_read()
    {
        const int maxBytes = 256 * 1024;
        await using var source = new InMemoryStorage();
        for (int i = 0; i < 500; i++)
        {
            await source.PutAsync(Bytes.Numbered("k", i), Bytes.Noise(i * 13 % 3000, i));
        }

        await using var cache = new CachedStorage(source, new CacheOptions { MaxBytes = maxBytes, MaxEntryBytes = 2048 });
        await WarmAsync(cache);
        var random = new Random(7);
        long most = 0;
        for (int i = 0; i < 5000; i++)
        {
            int number = random.Next(500);
            Assert.That((await cache.GetAsync(Bytes.Numbered("k", number))).Value, Is.EqualTo(Bytes.Noise(number * 13 % 3000, number)));
            most = Math.Max(most, cache.Statistics.Bytes);
        }

        CacheStatistics statistics = cache.Statistics;
        Assert.That(most, Is.InRange(maxBytes / 2, maxBytes));
        Assert.That(statistics.Evictions, Is.Positive);
        Assert.That(statistics.Hits, Is.Positive);
    }

    [Test]
    public async Task An_entry_that_is_too_large_is_not_kept_and_drops_what_was_there()
    {
        await using CacheBench bench = await CacheBench.StartAsync(new CacheOptions { MaxBytes = 8192, MaxEntryBytes = 1024 });
        int longest = 1024 - CacheOptions.EntryOverheadBytes - 1;
        await bench.FillAsync("a", new string('v', longest), 10);
        Assert.That(bench.IsHit("a"), Is.True);
        Task<GetResult> strict = bench.Cache.Strict.GetAsync(Bytes.Of("a")).AsTask();
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer(new string('v', longest + 1), 11));
        Assert.That((await strict).Value, Has.Length.EqualTo(longest + 1));
        Assert.That(bench.IsHit("a"), Is.False);
        Assert.That(bench.Cache.Statistics.Bytes, Is.Zero);
    }

    [Test]
    public void Who_was_read_is_spared_once_and_a_scan_passes_through()
    {
        var queue = new SieveQueue();
        CacheEntry[] entries = [.. Enumerable.Range(0, 5).Select(i => new CacheEntry([(byte)i], null, 1, 0))];
        Array.ForEach(entries, queue.Add);
        entries[0].IsVisited = entries[2].IsVisited = true;
        List<int> evicted = [];
        for (int i = 0; i < 4; i++)
        {
            CacheEntry victim = queue.FindVictim();
            queue.Remove(victim);
            evicted.Add(victim.Key[0]);
            if (i == 1)
            {
                queue.Add(new CacheEntry([9], null, 1, 0));
            }
        }

        Assert.That(evicted, Is.EqualTo([1, 3, 4, 9]), "the hand goes on; what is new is tried before what was read");
        Assert.That(queue.FindVictim(), Is.SameAs(entries[0]));
    }

    [Test]
    public async Task The_hot_keys_survive_a_walk_over_many_that_are_read_once()
    {
        await using var source = new InMemoryStorage();
        await using var cache = new CachedStorage(source, new CacheOptions { MaxBytes = 64 * 1024, MaxEntryBytes = 1024 });
        await WarmAsync(cache);
        for (int i = 0; i < 20; i++)
        {
            await cache.GetAsync(Bytes.Numbered("hot", i));
            await cache.GetAsync(Bytes.Numbered("hot", i));
        }

        for (int i = 0; i < 3000; i++)
        {
            await cache.GetAsync(Bytes.Numbered("cold", i));
            await cache.GetAsync(Bytes.Numbered("hot", i % 20));
        }

        CacheStatistics statistics = cache.Statistics;
        Assert.That(statistics.Evictions, Is.GreaterThan(2000));
        Assert.That(statistics.Hits, Is.GreaterThan(2900));
    }

    [Test]
    public async Task Metrics_say_what_the_statistics_say()
    {
        await using CacheBench bench = await CacheBench.StartAsync(new CacheOptions { Name = "mine" });
        await bench.FillAsync("a", "1", 10);
        Assert.That(bench.IsHit("a"), Is.True);
        Dictionary<string, long> values = new(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (string.Equals(instrument.Meter.Name, CachedStorage.MeterName, StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.Length == 1 && tags[0].Value is "mine")
            {
                values[instrument.Name] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.That(values, Is.EquivalentTo(new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["wsstorage.cache.hits"] = 1,
            ["wsstorage.cache.misses"] = 1,
            ["wsstorage.cache.evictions"] = 0,
            ["wsstorage.cache.invalidated"] = 0,
            ["wsstorage.cache.entries"] = 1,
            ["wsstorage.cache.bytes"] = 2 + CacheOptions.EntryOverheadBytes,
        }));
    }

    /// <summary>Reads until the cache keeps: its watch has begun.</summary>
    private static async Task WarmAsync(CachedStorage cache)
    {
        while (cache.Statistics.Hits == 0)
        {
            await cache.GetAsync(Bytes.Of("warm"));
            await Task.Yield();
        }
    }
}
