using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;
using WsStorage.RocksDb.Reading;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

[TestFixture]
public sealed class ScanTests
{
    [Test]
    public void A_scan_keeps_its_snapshot_until_it_is_disposed_of()
    {
        // RocksDB keeps a pointer to it in the iterator, and follows it at files with removals of ranges.
        using var directory = new TemporaryDirectory();
        var tuning = new RocksDbOptions();
        using Database database = DatabaseOpening.Open(directory.Combine("store"), tuning);
        var scans = new OpenScans();
        using (var scan = new Scan(database, new ScanOptions(), tuning, scans))
        {
            Assert.That(CountSnapshots(database), Is.EqualTo(1));
            Assert.That(scan.TryReadPage(out _), Is.False);
            Assert.That(CountSnapshots(database), Is.EqualTo(1));
        }

        Assert.That(CountSnapshots(database), Is.Zero);
    }

    [Test]
    public async Task A_scan_over_many_files_with_removed_ranges_reads_its_revision_while_others_come_and_go()
    {
        using var directory = new TemporaryDirectory();
        await using RocksDbStorage store = RocksDbStorage.Open(
            directory.Combine("store"), new RocksDbOptions { Durability = Durability.Buffered, WriteBufferBytes = 64 * 1024 });
        for (int round = 0; round < 12; round++)
        {
            await ChangeAsync(store, round);
        }

        List<Entry> expected = await store.ScanAsync(KeyRange.All).ToListAsync();
        await using IAsyncEnumerator<Entry> rows =
            store.ScanAsync(new ScanOptions { PageBytes = 1024 }).GetAsyncEnumerator();
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.That(await rows.MoveNextAsync(), Is.True);
            Assert.That(rows.Current.Key, Is.EqualTo(expected[i].Key));
            Assert.That(rows.Current.Value, Is.EqualTo(expected[i].Value));
            if (i % 500 == 0)
            {
                await ChangeAsync(store, i);
                Assert.That(await store.ScanAsync(new ScanOptions { Limit = 1 }).CountAsync(), Is.EqualTo(1));
            }
        }

        Assert.That(await rows.MoveNextAsync(), Is.False);
    }

    private static long CountSnapshots(Database database) => database.GetProperty(database.Data, "rocksdb.num-snapshots");

    private static async Task ChangeAsync(RocksDbStorage store, int seed)
    {
        var random = new Random(seed);
        var batch = new WriteBatch();
        for (int i = 0; i < 1000; i++)
        {
            batch.Put(Bytes.Of($"{random.Next(5000):d6}"), Bytes.Noise(100, i + 1));
        }

        int first = random.Next(5000);
        batch.RemoveRange(KeyRange.Between(Bytes.Of($"{first:d6}"), Bytes.Of($"{first + 20:d6}")));
        await store.WriteAsync(batch);
    }
}
