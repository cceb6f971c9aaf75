namespace WsStorage.RocksDb.Tests;

/// <summary>Gets, writes and scans, over a reopening.</summary>
public sealed class BasicsTests : StoreFixture
{
    [Test]
    public async Task What_was_written_is_read_and_survives_a_reopening()
    {
        Guid epoch;
        Position position;
        await using (RocksDbStorage store = Open())
        {
            Assert.That((await store.WriteAsync(Put("a", "1").Put("b", "2"))).Revision, Is.EqualTo(new Revision(1)));
            Assert.That((await store.WriteAsync(Put("c", "3").Remove("a"))).Revision, Is.EqualTo(new Revision(2)));
            Assert.That(await store.GetStringAsync("b"), Is.EqualTo("2"));
            Assert.That(await store.GetStringAsync("a"), Is.Null);
            StorageInfo info = await store.GetInfoAsync();
            (epoch, position) = (info.Epoch, info.Position);
            Assert.That(info.Engine, Does.StartWith("rocksdb"));
            Assert.That(info.Durability, Is.EqualTo(Durability.Synced));
            Assert.That(epoch, Is.Not.EqualTo(Guid.Empty));
        }

        await using (RocksDbStorage store = Open())
        {
            StorageInfo info = await store.GetInfoAsync();
            Assert.That(info.Position, Is.EqualTo(position));
            Assert.That(info.CompactedRevision, Is.EqualTo(Revision.None));
            Assert.That(await DumpAsync(store), Is.EqualTo(new[] { "b=2", "c=3" }));
            Assert.That((await store.WriteAsync(Put("d", "4"))).Revision, Is.EqualTo(new Revision(3)));
        }
    }

    [Test]
    public async Task Engine_has_one_name_however_the_store_is_opened()
    {
        string engine;
        await using (RocksDbStorage store = Open())
        {
            engine = (await store.GetInfoAsync()).Engine;
        }

        await using RocksDbStorage reader = Open(new RocksDbOptions { ReadOnly = true });
        Assert.That((await reader.GetInfoAsync()).Engine, Is.EqualTo(engine));
    }

    [Test]
    public async Task Many_keys_are_read_in_the_order_asked([Values(1, 2, 127, 128, 129, 300, 1000)] int count)
    {
        await using RocksDbStorage store = OpenBuffered();
        var batch = new WriteBatch();
        for (int i = 0; i < count; i += 2)
        {
            batch.Put($"key {i:d4}", $"value {i}");
        }

        await store.WriteAsync(batch);
        int[] order = [.. Enumerable.Range(0, count).Reverse(), 0, 0];
        GetManyResult result = await store.GetManyAsync([.. order.Select(i => (ReadOnlyMemory<byte>)B($"key {i:d4}"))]);
        Assert.That(
            result.Values.Select(v => v is null ? null : System.Text.Encoding.UTF8.GetString(v)),
            Is.EqualTo(order.Select(i => i % 2 == 0 ? $"value {i}" : null)));
        Assert.That(result.Revision, Is.EqualTo(new Revision(1)));
    }

    [Test]
    public async Task Empty_keys_empty_values_and_long_keys_are_kept()
    {
        await using RocksDbStorage store = OpenBuffered();
        byte[] longest = new byte[StorageLimits.MaxKeyBytes];
        Array.Fill(longest, (byte)0xFF);
        await store.WriteAsync(new WriteBatch().Put([], B("empty")).Put(longest, []));
        Assert.That((await store.GetAsync(Array.Empty<byte>())).Value, Is.EqualTo(B("empty")));
        Assert.That((await store.GetAsync(longest)).Value, Is.Empty);
        GetManyResult many = await store.GetManyAsync([longest, Array.Empty<byte>(), B("x")]);
        Assert.That(many.Values, Is.EqualTo(new[] { [], B("empty"), null }));
        Assert.That((await FailsAsync(async () => await store.GetAsync(new byte[longest.Length + 1]))).Code, Is.EqualTo(StorageErrorCode.KeyTooLarge));
    }

    [TestCase("b", "d", "a=1,d=4,e=5")]
    [TestCase("", "c", "c=3,d=4,e=5")]
    [TestCase("c", "", "a=1,b=2")]
    [TestCase("", "", "")]
    [TestCase("d", "b", "a=1,b=2,c=3,d=4,e=5")]
    [TestCase("b", "b", "a=1,b=2,c=3,d=4,e=5")]
    public async Task A_range_is_removed_up_to_its_end(string start, string end, string left)
    {
        await using RocksDbStorage store = OpenBuffered();
        await store.WriteAsync(Put("a", "1").Put("b", "2").Put("c", "3").Put("d", "4").Put("e", "5"));
        await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.Between(B(start), B(end))));
        Assert.That(string.Join(',', await DumpAsync(store)), Is.EqualTo(left));
        Assert.That((await store.GetInfoAsync()).Revision, Is.EqualTo(new Revision(2)));
    }

    [Test]
    public async Task A_range_without_end_covers_what_the_same_batch_has_put_before_and_not_after()
    {
        await using RocksDbStorage store = OpenBuffered();
        await store.WriteAsync(Put("b", "old"));
        await store.WriteAsync(Put("z", "before").RemoveRange(KeyRange.From(B("a"))).Put("y", "after"));
        Assert.That(await DumpAsync(store), Is.EqualTo(new[] { "y=after" }));
        await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.All));
        Assert.That(await DumpAsync(store), Is.Empty);
    }

    [Test]
    public async Task A_range_without_end_removes_the_longest_keys()
    {
        await using RocksDbStorage store = OpenBuffered();
        byte[] longest = new byte[StorageLimits.MaxKeyBytes];
        Array.Fill(longest, (byte)0xFF);
        await store.WriteAsync(new WriteBatch().Put(longest, B("v")).Put([0xFF], B("w")));
        await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.From(B("a"))));
        Assert.That(await DumpAsync(store), Is.Empty);
    }

    [Test]
    public async Task Scans_honour_range_direction_limit_and_keys_only()
    {
        await using RocksDbStorage store = OpenBuffered();
        await store.WriteAsync(Put("a", "1").Put("b", "2").Put("c", "3").Put("d", "4"));
        KeyRange range = KeyRange.Between(B("b"), B("d"));
        Assert.That(await DumpAsync(store, new() { Range = range }), Is.EqualTo(new[] { "b=2", "c=3" }));
        Assert.That(await DumpAsync(store, new() { Range = range, Reverse = true }), Is.EqualTo(new[] { "c=3", "b=2" }));
        Assert.That(await DumpAsync(store, new() { Range = range, Limit = 1 }), Is.EqualTo(new[] { "b=2" }));
        Assert.That(await DumpAsync(store, new() { Reverse = true, Limit = 2 }), Is.EqualTo(new[] { "d=4", "c=3" }));
        Assert.That(await DumpAsync(store, new() { KeysOnly = true }), Is.EqualTo(new[] { "a=", "b=", "c=", "d=" }));
        Assert.That(await DumpAsync(store, new() { Range = KeyRange.Between(B("d"), B("b")) }), Is.Empty);
        Assert.That(await DumpAsync(store, new() { Range = KeyRange.From(B("e")) }), Is.Empty);
    }

    [Test]
    public async Task A_scan_gives_its_rows_in_pages_of_the_size_asked([Values] bool reverse)
    {
        await using RocksDbStorage store = OpenBuffered();
        var batch = new WriteBatch();
        for (int i = 0; i < 1000; i++)
        {
            batch.Put($"{i:d4}", new string('v', 96));
        }

        await store.WriteAsync(batch);
        int pages = 0;
        var keys = new List<string>();
        await foreach (ScanPage page in store.ScanPagesAsync(new() { PageBytes = 4096, Reverse = reverse }))
        {
            pages++;
            Assert.That(page.Revision, Is.EqualTo(new Revision(1)));
            foreach (ScanPage.Row row in page)
            {
                keys.Add(System.Text.Encoding.UTF8.GetString(row.Key.Span));
            }
        }

        IEnumerable<string> expected = Enumerable.Range(0, 1000).Select(i => $"{i:d4}");
        Assert.That(keys, Is.EqualTo(reverse ? expected.Reverse() : expected));
        Assert.That(pages, Is.EqualTo(25));
    }

    [Test]
    public async Task A_scan_reads_one_revision_whatever_is_written_meanwhile()
    {
        await using RocksDbStorage store = OpenBuffered();
        var batch = new WriteBatch();
        for (int i = 0; i < 1000; i++)
        {
            batch.Put($"{i:d4}", "old");
        }

        await store.WriteAsync(batch);
        int rows = 0;
        await foreach (ScanPage page in store.ScanPagesAsync(new() { PageBytes = 1024 }))
        {
            await store.WriteAsync(new WriteBatch().RemoveRange(KeyRange.From(B("0500"))).Put("0001", "new").Put("0999x", "new"));
            Assert.That(page.Revision, Is.EqualTo(new Revision(1)));
            foreach (ScanPage.Row row in page)
            {
                Assert.That(row.Value.ToArray(), Is.EqualTo(B("old")));
                rows++;
            }
        }

        Assert.That(rows, Is.EqualTo(1000));
    }
}
