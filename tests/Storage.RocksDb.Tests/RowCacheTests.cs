using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Reading;

namespace WsStorage.RocksDb.Tests;

/// <summary>The rows that were read last: what is found is what was kept, and nothing that has been written since.</summary>
[TestFixture]
public sealed class RowCacheTests
{
    private const long LeastBytes = 1 << 20;

    [Test]
    public void What_was_kept_is_found([Values(0, 1, 100, RowCache.MaxRowBytes - 3)] int length)
    {
        var cache = new RowCache(LeastBytes);
        byte[] value = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        Keep(cache, "key", value);
        Assert.That(Get(cache, "key"), Is.EqualTo(value));
        Assert.That(Get(cache, "kez"), Is.Null);
    }

    [Test]
    public void A_long_row_is_not_kept()
    {
        var cache = new RowCache(LeastBytes);
        Keep(cache, "key", new byte[RowCache.MaxRowBytes - 2]);
        Assert.That(Get(cache, "key"), Is.Null);
    }

    [Test]
    public void Values_are_added_behind_each_other()
    {
        var cache = new RowCache(LeastBytes);
        Keep(cache, "a", [1, 2]);
        Keep(cache, "b", [3]);
        byte[] buffer = [];
        int length = 0;
        Assert.That(cache.TryAppend("a"u8, RowCache.Hash("a"u8), ref buffer, ref length), Is.True);
        Assert.That(cache.TryAppend("b"u8, RowCache.Hash("b"u8), ref buffer, ref length), Is.True);
        Assert.That(buffer.AsSpan(0, length).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    public void What_is_written_is_taken_out_before_it_is_visible([Values] bool removed, [Values] bool completes)
    {
        var cache = new RowCache(LeastBytes);
        Keep(cache, "key", [1]);
        Keep(cache, "other", [2]);
        long before = cache.Now;
        var writes = new BatchRepresentation();
        if (removed)
        {
            writes.Remove("key"u8);
        }
        else
        {
            writes.Put("key"u8, [3]);
        }

        cache.BeginWrite(writes);
        Assert.That(Get(cache, "key"), Is.Null);
        Assert.That(Get(cache, "other"), Is.EqualTo(new byte[] { 2 }));
        Assert.That(cache.IsAtRest(before), Is.False);
        Assert.That(cache.IsUnchanged(RowCache.Hash("key"u8), before), Is.False);
        if (completes)
        {
            cache.EndWrite();
        }

        // Read before it was complete: of whatever revision, it is not kept.
        cache.Keep("key"u8, RowCache.Hash("key"u8), [1], before);
        Assert.That(Get(cache, "key"), Is.Null);
        Keep(cache, "key", [3]);
        Assert.That(Get(cache, "key"), Is.EqualTo(completes ? new byte[] { 3 } : null));
    }

    [Test]
    public void What_was_read_before_the_first_write_of_an_empty_cache_is_not_kept()
    {
        var cache = new RowCache(LeastBytes);
        long before = cache.Now;
        Write(cache, writes => writes.Put("key"u8, [2]));
        cache.Keep("key"u8, RowCache.Hash("key"u8), [1], before);
        Assert.That(Get(cache, "key"), Is.Null);
        Assert.That(cache.IsUnchanged(RowCache.Hash("key"u8), before), Is.False);
        Keep(cache, "key", [2]);
        Assert.That(Get(cache, "key"), Is.EqualTo(new byte[] { 2 }));
    }

    [Test]
    public void A_removal_of_a_range_empties_it()
    {
        var cache = new RowCache(LeastBytes);
        Keep(cache, "a", [1]);
        Keep(cache, "z", [2]);
        long before = cache.Now;
        Write(cache, static writes => writes.RemoveRange("a"u8, "b"u8));
        Assert.That(Get(cache, "a"), Is.Null);
        Assert.That(Get(cache, "z"), Is.Null);
        Assert.That(cache.IsUnchanged(RowCache.Hash("z"u8), before), Is.False);
        cache.Keep("z"u8, RowCache.Hash("z"u8), [2], before);
        Assert.That(Get(cache, "z"), Is.Null);
        Keep(cache, "z", [2]);
        Assert.That(Get(cache, "z"), Is.EqualTo(new byte[] { 2 }));
    }

    [Test]
    public void At_rest_nothing_has_changed()
    {
        var cache = new RowCache(LeastBytes);
        Write(cache, static writes => writes.Put("key"u8, [2]));
        Keep(cache, "key", [2]);
        Assert.That(cache.IsAtRest(cache.Now), Is.True);
        Assert.That(cache.IsUnchanged(RowCache.Hash("key"u8), cache.Now), Is.True);
    }

    [Test]
    public void The_oldest_go_when_it_is_full_but_for_what_is_read()
    {
        var cache = new RowCache(LeastBytes);
        Keep(cache, "first", [1]);
        Keep(cache, "read", [2]);
        byte[] value = new byte[100];
        for (int i = 0; i < 20_000; i++)
        {
            Keep(cache, $"{i}", value);
            Assert.That(Get(cache, $"{i}"), Is.EqualTo(value));
            Assert.That(Get(cache, "read"), Is.EqualTo(new byte[] { 2 }), $"after {i} others");
        }

        Assert.That(Get(cache, "first"), Is.Null);
        int kept = Enumerable.Range(0, 20_000).Count(i => Get(cache, $"{i}") is not null);
        Assert.That(kept * (16 + 105), Is.InRange(LeastBytes / 2, LeastBytes));
    }

    [Test]
    public void A_full_one_in_which_little_is_found_changes_slowly()
    {
        var cache = new RowCache(LeastBytes);
        byte[] value = new byte[100];
        int kept = 0;
        for (int i = 0; i < 80_000; i++)
        {
            Get(cache, $"{i}");
            Keep(cache, $"{i}", value);
            kept += i >= 40_000 && Get(cache, $"{i - (i % 16)}") is null ? 0 : 1;
        }

        int last = Enumerable.Range(79_000, 1000).Count(i => Get(cache, $"{i}") is not null);
        Assert.That(last, Is.LessThan(400));
        Assert.That(kept, Is.Positive);
    }

    [Test]
    public void It_never_has_what_is_not_so([Range(0, 19)] int seed)
    {
        var random = new Random(seed);
        var cache = new RowCache(LeastBytes);
        var store = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var reads = new List<(string Key, byte[] Value, long Moment)>();
        for (int step = 0; step < 4000; step++)
        {
            string key = $"{random.Next(300)}";
            switch (random.Next(8))
            {
                case 0:
                    byte[] value = new byte[random.Next(4) == 0 ? random.Next(RowCache.MaxRowBytes) : random.Next(60)];
                    random.NextBytes(value);
                    Write(cache, writes => writes.Put(Bytes(key), value));
                    store[key] = value;
                    break;
                case 1 when random.Next(50) == 0:
                    Write(cache, writes => writes.RemoveRange(Bytes("1"), Bytes("2")));
                    foreach (string gone in store.Keys.Where(one => one[0] == '1').ToArray())
                    {
                        store.Remove(gone);
                    }

                    break;
                case 1:
                    Write(cache, writes => writes.Remove(Bytes(key)));
                    store.Remove(key);
                    break;
                case 2 when reads.Count > 0:
                    // A slow reader.
                    (string slow, byte[] read, long moment) = reads[random.Next(reads.Count)];
                    cache.Keep(Bytes(slow), RowCache.Hash(Bytes(slow)), read, moment);
                    break;
                default:
                    if (Get(cache, key) is { } found)
                    {
                        Assert.That(store, Contains.Key(key));
                        Assert.That(found, Is.EqualTo(store[key]));
                    }
                    else if (store.TryGetValue(key, out byte[]? stored))
                    {
                        reads.Add((key, stored, cache.Now));
                        Keep(cache, key, stored);
                    }

                    break;
            }
        }
    }

    private static byte[] Bytes(string key) => System.Text.Encoding.UTF8.GetBytes(key);

    private static void Keep(RowCache cache, string key, byte[] value) =>
        cache.Keep(Bytes(key), RowCache.Hash(Bytes(key)), value, cache.Now);

    private static byte[]? Get(RowCache cache, string key)
    {
        byte[] buffer = [];
        int length = 0;
        ulong hash = RowCache.Hash(Bytes(key));
        cache.FetchPlaces(hash);
        cache.FetchRow(hash);
        return cache.TryAppend(Bytes(key), hash, ref buffer, ref length) ? buffer[..length] : null;
    }

    private static void Write(RowCache cache, Action<BatchRepresentation> add)
    {
        var writes = new BatchRepresentation();
        add(writes);
        cache.BeginWrite(writes);
        cache.EndWrite();
    }
}
