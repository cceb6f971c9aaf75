namespace WsStorage.RocksDb.Tests;

[TestFixture]
public sealed class CompactionTests : StoreFixture
{
    [Test]
    public async Task Compacted_data_is_the_same_and_what_was_overwritten_takes_no_room()
    {
        await using RocksDbStorage store = OpenBuffered(new RocksDbOptions { CommitLogBytes = 0, Compression = RocksDbCompression.None });
        byte[] value = new byte[100_000];
        for (int i = 0; i < 200; i++)
        {
            Random.Shared.NextBytes(value);
            await store.PutAsync(B($"key{i % 10}"), value);
        }

        await store.RemoveAsync(B("key9"));
        await store.CompactDataAsync();
        long bytes = new DirectoryInfo(StorePath).EnumerateFiles("*.sst", SearchOption.AllDirectories).Sum(file => file.Length);
        Assert.That(bytes, Is.LessThan(2_000_000));
        Assert.That((await store.GetAsync(B("key9"))).Found, Is.False);
        Assert.That((await store.GetAsync(B("key1"))).Value, Has.Length.EqualTo(value.Length));
        Assert.That((await store.GetAsync(B("key9"))).Revision.Value, Is.EqualTo(201));
    }

    [Test]
    public async Task Data_that_came_in_order_is_written_anew_as_well_and_not_by_RocksDB_when_the_first_reader_goes()
    {
        await using RocksDbStorage store = OpenBuffered(new RocksDbOptions { WriteBufferBytes = 1 << 20 });
        byte[] value = new byte[10_000];
        for (int i = 0; i < 1000; i++)
        {
            Random.Shared.NextBytes(value);
            await store.PutAsync(B($"key{i:D4}"), value);
        }

        // Twice, so that nothing is still in memory and all of it is in files already.
        await store.CompactDataAsync();
        string[] before = Files();
        await store.CompactDataAsync();
        Assert.That(before, Is.Not.Empty);
        Assert.That(Files().Intersect(before, StringComparer.Ordinal), Is.Empty);

        string[] Files() =>
            [.. new DirectoryInfo(StorePath).EnumerateFiles("*.sst", SearchOption.AllDirectories).Where(file => file.Length > 100_000).Select(file => file.Name)];
    }

    [Test]
    public async Task A_store_that_is_read_only_is_not_compacted()
    {
        await using (RocksDbStorage store = OpenBuffered())
        {
            await store.PutAsync(B("a"), B("1"));
        }

        await using RocksDbStorage reader = Open(new RocksDbOptions { ReadOnly = true });
        Assert.That((await FailsAsync(async () => await reader.CompactDataAsync())).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
    }

    [Test]
    public async Task A_closed_store_is_not_compacted()
    {
        RocksDbStorage store = OpenBuffered();
        await store.DisposeAsync();
        Assert.That((await FailsAsync(async () => await store.CompactDataAsync())).Code, Is.EqualTo(StorageErrorCode.Closed));
    }
}
