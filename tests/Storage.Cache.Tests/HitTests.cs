using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

public class HitTests
{
    [Test]
    public async Task What_was_read_is_read_again_from_the_cache()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        GetResult first = await bench.FillAsync("a", "1", 10);
        Assert.That((first.Value, first.Revision.Value), Is.EqualTo((Bytes.Of("1"), 10UL)));
        Assert.That(bench.IsHit("a", out string? value, out ulong revision), Is.True);
        Assert.That((value, revision), Is.EqualTo(("1", 10UL)));
        Assert.That(bench.Cache.Statistics, Is.EqualTo(new CacheStatistics(1, 1, 1, 2 + CacheOptions.EntryOverheadBytes, 0, 0)));
        Assert.That(bench.Cache.Statistics.HitRate, Is.EqualTo(0.5));
    }

    [Test]
    public async Task An_absent_key_is_remembered_until_it_is_there()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", null, 10);
        Assert.That(bench.IsHit("a", out string? value, out _), Is.True);
        Assert.That(value, Is.Null);
        await bench.Watch.ChangeAsync(11, "a");
        Assert.That((await bench.FillAsync("a", "1", 11)).Found, Is.True);
    }

    [Test]
    public async Task An_empty_value_and_the_empty_key_are_cached()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("", "", 10);
        Assert.That(bench.IsHit("", out string? value, out _), Is.True);
        Assert.That(value, Is.Empty);
    }

    [Test]
    public async Task What_is_handed_out_is_the_receivers()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        GetResult filled = await bench.FillAsync("a", "1", 10);
        filled.Value![0] = 0;
        GetResult hit = await bench.ReadAsync("a");
        Assert.That(hit.Value, Is.EqualTo(Bytes.Of("1")));
        hit.Value![0] = 0;
        Assert.That((await bench.ReadAsync("a")).Value, Is.EqualTo(Bytes.Of("1")));
    }

    [Test]
    public async Task The_key_that_was_passed_in_may_change_afterwards()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        byte[] key = Bytes.Of("a");
        Task<GetResult> read = bench.Cache.GetAsync(key).AsTask();
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("1", 10));
        await read;
        key[0]++;
        Assert.That(bench.IsHit("a"), Is.True);
    }

    [TestCase(0)]
    [TestCase(16)]
    [TestCase(1000)]
    public async Task A_hit_allocates_nothing_but_the_value(int length)
    {
        const int hits = 1000;
        await using CacheBench bench = await CacheBench.StartAsync();
        byte[] key = Bytes.Of("a key as long as they are");
        byte[] value = Bytes.Of(new string('v', length));
        await bench.FillAsync("a key as long as they are", new string('v', length), 10);
        CachedStorage cache = bench.Cache;
        Read();
        long copies = Measure(() => value.AsSpan().ToArray());
        Assert.That(Measure(Read), Is.EqualTo(copies));
        Assert.That(cache.Statistics.Hits, Is.EqualTo((2 * hits) + 1));

        byte[]? Read()
        {
            ValueTask<GetResult> hit = cache.GetAsync(key);
            return hit.IsCompletedSuccessfully ? hit.Result.Value : throw new InvalidOperationException("It was no hit.");
        }

        static long Measure(Func<byte[]?> read)
        {
            long allocated = 0;
            for (int round = 0; round < 2; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < hits; i++)
                {
                    GC.KeepAlive(read());
                }

                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            return allocated;
        }
    }

    [Test]
    public async Task Nothing_is_kept_before_the_watch_has_begun()
    {
        var source = new ScriptedSource();
        await using var cache = new CachedStorage(source);
        Task<GetResult> read = cache.GetAsync(Bytes.Of("a")).AsTask();
        (await source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("1", 10));
        await read;
        Assert.That(cache.Statistics.Entries, Is.Zero);
        Assert.That(cache.IsFresh, Is.False);
    }

    [Test]
    public async Task Keys_out_of_the_range_are_not_kept()
    {
        await using CacheBench bench = await CacheBench.StartAsync(new CacheOptions { Range = KeyRange.Prefix("a") });
        Assert.That(bench.Watch.Options.Range, Is.EqualTo(KeyRange.Prefix("a")));
        Assert.That(bench.Watch.Options is { KeysOnly: true, Invalidations: true, After: null }, Is.True);
        await bench.FillAsync("a", "1", 10);
        await bench.FillAsync("b", "1", 10);
        Assert.That(bench.IsHit("a"), Is.True);
        Assert.That(bench.IsHit("b"), Is.False);
    }

    [Test]
    public async Task A_strict_read_goes_to_the_source_and_refreshes()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        Task<GetResult> strict = bench.Cache.Strict.GetAsync(Bytes.Of("a")).AsTask();
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("2", 12));
        Assert.That((await strict).Value, Is.EqualTo(Bytes.Of("2")));
        Assert.That(bench.IsHit("a", out string? value, out ulong revision), Is.True);
        Assert.That((value, revision), Is.EqualTo(("2", 12UL)));
    }

    [Test]
    public async Task A_strict_read_joins_no_other()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> lazy = bench.ReadAsync("a");
        Request<GetResult> first = await bench.Source.NextGetAsync();
        Task<GetResult> strict = bench.Cache.Strict.GetAsync(Bytes.Of("a")).AsTask();
        Request<GetResult> second = await bench.Source.NextGetAsync();
        first.Answer.SetResult(CacheBench.Answer("1", 10));
        second.Answer.SetResult(CacheBench.Answer("2", 11));
        Assert.That((await lazy).Value, Is.EqualTo(Bytes.Of("1")));
        Assert.That((await strict).Value, Is.EqualTo(Bytes.Of("2")));
    }

    [Test]
    public void Options_that_make_no_sense_are_refused()
    {
        CacheOptions[] refused =
        [
            new CacheOptions { MaxBytes = 4095 },
            new CacheOptions { MaxBytes = 4096, MaxEntryBytes = 1025 },
            new CacheOptions { MaxEntryBytes = 1023 },
            new CacheOptions { MaxStaleness = TimeSpan.FromMilliseconds(99) },
            new CacheOptions { MaxStaleness = TimeSpan.FromDays(2) },
            new CacheOptions { Consistency = (CacheConsistency)7 },
        ];
        foreach (CacheOptions options in refused)
        {
            StorageException? exception = Assert.Throws<StorageException>(options.Validate);
            Assert.That(exception, Has.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.InvalidArgument), $"{options}");
        }

        new CacheOptions().Validate();
        new CacheOptions { MaxBytes = 4096 }.Validate();
    }
}
