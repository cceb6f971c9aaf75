using System.Buffers.Binary;

namespace WsStorage.RocksDb.Tests;

/// <summary>Reads of a store that keeps what was read last.</summary>
public sealed class CachedReadTests : StoreFixture
{
    private static readonly RocksDbOptions Cached = new() { RowCacheBytes = 1 << 20 };

    [Test]
    public async Task A_row_read_again_is_the_one_that_was_written_last([Values] bool many)
    {
        await using RocksDbStorage store = OpenBuffered(Cached);
        for (int i = 0; i < 10; i++)
        {
            await store.WriteAsync(new WriteBatch().Put("a", $"{i}").Put("b", "b"));
            Assert.That(await ReadAsync(store, many, "a", "b", "none"), Is.EqualTo(new[] { $"{i}", "b", null }));
            Assert.That(await ReadAsync(store, many, "b", "none", "a"), Is.EqualTo(new[] { "b", null, $"{i}" }));
        }

        await store.WriteAsync(new WriteBatch().Remove("b"u8));
        Assert.That(await ReadAsync(store, many, "b", "a"), Is.EqualTo(new[] { null, "9" }));
        await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.All));
        Assert.That(await ReadAsync(store, many, "a", "b"), Is.EqualTo(new string?[] { null, null }));
    }

    [Test]
    public async Task An_empty_value_is_not_an_absent_one()
    {
        await using RocksDbStorage store = OpenBuffered(Cached);
        await store.WriteAsync(new WriteBatch().Put("empty", ""));
        for (int i = 0; i < 3; i++)
        {
            Assert.That(await ReadAsync(store, many: false, "empty"), Is.EqualTo(new[] { "" }));
            Assert.That(await ReadAsync(store, many: true, "empty", "none"), Is.EqualTo(new[] { "", null }));
        }
    }

    [Test]
    public async Task More_keys_than_are_looked_for_are_read_all_the_same()
    {
        await using RocksDbStorage store = OpenBuffered(Cached);
        var batch = new WriteBatch();
        string[] keys = [.. Enumerable.Range(0, 1000).Select(i => $"{i:D4}")];
        foreach (string key in keys)
        {
            batch.Put(key, key);
        }

        await store.WriteAsync(batch);
        foreach (int count in new[] { 1000, 128, 129, 127, 1, 1000 })
        {
            Assert.That(await ReadAsync(store, many: true, keys[..count]), Is.EqualTo(keys[..count]));
        }
    }

    [Test]
    public async Task What_is_read_beside_writers_is_of_one_moment_and_never_older_than_what_was_acknowledged([Values] bool mostlyKept)
    {
        const int Pairs = 24;
        await using RocksDbStorage store = OpenBuffered(Cached with { RowCacheBytes = mostlyKept ? 1 << 20 : 0 });
        byte[][] keys = [.. Enumerable.Range(0, 2 * Pairs).Select(i => B($"{i:D3}"))];
        long[] acknowledged = new long[Pairs];
        for (int pair = 0; pair < Pairs; pair++)
        {
            await WritePairAsync(pair, 0);
        }

        using var end = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() => ReadAllAlongAsync(seed)))];
        var writer = new Random(1);
        for (long number = 1; number <= 5000; number++)
        {
            await WritePairAsync(writer.Next(Pairs), number);
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);

        async Task WritePairAsync(int pair, long number)
        {
            byte[] value = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(value, number);
            await store.WriteAsync(new WriteBatch().Put(keys[2 * pair], value).Put(keys[(2 * pair) + 1], value));
            Volatile.Write(ref acknowledged[pair], number);
        }

        async Task ReadAllAlongAsync(int seed)
        {
            var random = new Random(seed);
            while (!end.IsCancellationRequested)
            {
                int pair = random.Next(Pairs);
                long least = Volatile.Read(ref acknowledged[pair]);
                if (random.Next(2) == 0)
                {
                    GetResult one = await store.GetAsync(keys[2 * pair]);
                    Assert.That(BinaryPrimitives.ReadInt64LittleEndian(one.Value), Is.GreaterThanOrEqualTo(least));
                    continue;
                }

                GetManyResult both = await store.GetManyAsync([keys[2 * pair], keys[random.Next(keys.Length)], keys[(2 * pair) + 1]]);
                long first = BinaryPrimitives.ReadInt64LittleEndian(both.Values[0]);
                Assert.That(BinaryPrimitives.ReadInt64LittleEndian(both.Values[2]), Is.EqualTo(first));
                Assert.That(first, Is.GreaterThanOrEqualTo(least));
            }
        }
    }

    [TestCase(1)]
    [TestCase((1 << 20) - 1)]
    [TestCase(-1)]
    public void A_cache_that_is_too_small_is_refused(long bytes) =>
        Assert.That(Fails(() => Open(Cached with { RowCacheBytes = bytes })).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));

    private static async Task<string?[]> ReadAsync(RocksDbStorage store, bool many, params string[] keys)
    {
        if (many)
        {
            GetManyResult result = await store.GetManyAsync([.. keys.Select(key => (ReadOnlyMemory<byte>)B(key))]);
            return [.. result.Values.Select(Text)];
        }

        var values = new List<string?>();
        foreach (string key in keys)
        {
            values.Add(Text((await store.GetAsync(B(key))).Value));
        }

        return [.. values];
    }

    private static string? Text(byte[]? value) => value is null ? null : System.Text.Encoding.UTF8.GetString(value);
}
