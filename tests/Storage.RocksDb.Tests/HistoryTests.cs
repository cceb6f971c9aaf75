using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Tests;

/// <summary>Revisions, hashes, and how long history is kept.</summary>
public sealed class HistoryTests : StoreFixture
{
    [Test]
    public async Task Without_a_log_no_more_is_gone_than_was_committed()
    {
        await using RocksDbStorage store = OpenBuffered(new RocksDbOptions { CommitLogBytes = 0 });
        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await store.PutStringAsync("a", "1");
            }
        });
        int ahead = 0;
        for (StorageInfo info = await store.GetInfoAsync(); info.Revision.Value < 20_000; info = await store.GetInfoAsync())
        {
            ahead += info.CompactedRevision > info.Revision ? 1 : 0;
        }

        await stop.CancelAsync();
        await writer;
        Assert.That(ahead, Is.Zero);
    }

    [Test]
    public async Task Revisions_are_dense_and_the_log_leads_to_the_data_whoever_writes()
    {
        string[] data;
        Position position;
        await using (RocksDbStorage store = OpenBuffered())
        {
            Task<List<ulong>>[] writers = [.. Enumerable.Range(0, 8).Select(w => Task.Run(() => WriteAsync(store, w)))];
            List<ulong>[] revisions = await Task.WhenAll(writers);
            Assert.That(revisions.SelectMany(r => r).Order(), Is.EqualTo(Enumerable.Range(1, 8 * 200).Select(n => (ulong)n)));
            Assert.That(revisions, Is.All.Ordered);
            data = await DumpAsync(store);
            position = (await store.GetInfoAsync()).Position;
        }

        List<StoredBatch> batches = StoredLog.ReadAndCheck(StorePath);
        Assert.That(batches, Has.Count.EqualTo(8 * 200));
        Assert.That(StoredLog.Replay(batches), Is.EqualTo(data));
        (byte[] key, byte[] value) = StoredLog.ReadRecords(StorePath)[^1];
        Assert.That(LogRecord.Read(key, value).Hash, Is.EqualTo(position.Hash));
    }

    [Test]
    public async Task Old_history_is_trimmed_and_said_to_be_gone([Values] bool reopen)
    {
        var options = new RocksDbOptions { CommitLogBytes = RocksDbOptions.MinCommitLogBytes };
        RocksDbStorage store = OpenBuffered(options);
        string filler = new('x', 10_000);
        for (int i = 0; i < 400; i++)
        {
            await store.WriteAsync(Put($"key {i % 10}", filler));
            if (reopen && i % 100 == 0)
            {
                await store.DisposeAsync();
                store = OpenBuffered(options);
            }
        }

        // The last trimming may come after the acknowledgement; closing waits for it.
        await store.DisposeAsync();
        await using (store = OpenBuffered(options))
        {
            StorageInfo info = await store.GetInfoAsync();
            Assert.That(info.Revision.Value, Is.EqualTo(400));
            Assert.That(info.CompactedRevision.Value, Is.InRange(275, 300));
        }

        List<StoredBatch> batches = StoredLog.ReadAndCheck(StorePath);
        Assert.That(batches[0].Revision.Value, Is.InRange(276, 301));
        Assert.That(batches[^1].Revision.Value, Is.EqualTo(400));
        long bytes = StoredLog.ReadRecords(StorePath).Sum(r => (long)r.Value.Length);
        Assert.That(bytes, Is.InRange(RocksDbOptions.MinCommitLogBytes - 10_100, RocksDbOptions.MinCommitLogBytes * 9 / 8));
    }

    [Test]
    public async Task The_cut_keeps_just_enough_history([Values(1, 100, 999, 5_000, 1_000_000)] int keep)
    {
        await using (RocksDbStorage store = OpenBuffered())
        {
            for (int i = 0; i < 50; i++)
            {
                WriteBatch[] group = [.. Enumerable.Range(0, 1 + (i % 5)).Select(n => Put($"{i} {n}", new string('v', i)))];
                await store.WriteManyAsync(group, new WriteResult[group.Length]);
            }
        }

        using Database database = DatabaseOpening.Open(StorePath, new() { ReadOnly = true });
        LogRecord[] records = [.. StoredLog.ReadRecords(StorePath).Select(r => LogRecord.Read(r.Key, r.Value))];
        LogRecord cut = CommitLog.FindCut(database, records[0], records[^1], (ulong)keep);
        LogRecord expected = records.LastOrDefault(r => records[^1].End - r.Offset >= (ulong)keep, records[0]);
        Assert.That(cut, Is.EqualTo(expected));
    }

    [Test]
    public async Task Without_a_log_the_position_is_kept_and_history_is_gone()
    {
        var without = new RocksDbOptions { CommitLogBytes = 0 };
        Position position = default;
        for (int i = 0; i < 3; i++)
        {
            await using RocksDbStorage store = OpenBuffered(without);
            Assert.That((await store.GetInfoAsync()).Position, Is.EqualTo(i == 0 ? (await store.GetInfoAsync()).Position : position));
            await store.PutStringAsync("k", $"{i}");
            StorageInfo info = await store.GetInfoAsync();
            position = info.Position;
            Assert.That(info.Revision.Value, Is.EqualTo((ulong)i + 1));
            Assert.That(info.CompactedRevision, Is.EqualTo(info.Revision));
        }

        Assert.That(StoredLog.ReadRecords(StorePath), Is.Empty);
    }

    [Test]
    public async Task Switching_the_log_off_and_on_breaks_neither_revisions_nor_hash()
    {
        var with = new RocksDbOptions();
        var without = new RocksDbOptions { CommitLogBytes = 0 };
        RocksDbOptions[] turns = [with, without, without, with, with, without, with];
        ulong[] compacted = [0, 2, 3, 3, 3, 6, 6];
        Position position = default;
        for (int i = 0; i < turns.Length; i++)
        {
            await using RocksDbStorage store = OpenBuffered(turns[i]);
            if (i > 0)
            {
                Assert.That((await store.GetInfoAsync()).Position, Is.EqualTo(position));
            }

            await store.PutStringAsync("k", $"{i}");
            StorageInfo info = await store.GetInfoAsync();
            Assert.That(info.CompactedRevision.Value, Is.EqualTo(compacted[i]), $"turn {i}");
            position = info.Position;
        }

        StoredBatch kept = StoredLog.ReadAndCheck(StorePath).Single();
        Assert.That(kept.Revision.Value, Is.EqualTo(7));

        // The hash does not depend on whether there was a log.
        string logged = Beside("logged");
        await using RocksDbStorage same = RocksDbStorage.Open(logged);
        for (int i = 0; i < turns.Length; i++)
        {
            await same.PutStringAsync("k", $"{i}");
        }

        Assert.That((await same.GetInfoAsync()).Position.Hash, Is.EqualTo(position.Hash));
    }

    private static async Task<List<ulong>> WriteAsync(RocksDbStorage store, int writer)
    {
        var random = new Random(writer);
        var revisions = new List<ulong>();
        for (int i = 0; i < 200; i++)
        {
            WriteBatch batch = Put($"key {random.Next(50):d2}", $"{writer} {i}").Put($"own {writer} {random.Next(50):d2}", $"{i}");
            if (i % 10 == 0)
            {
                batch.Remove($"key {random.Next(50):d2}");
            }

            if (i % 50 == 0)
            {
                string start = $"key {random.Next(50):d2}";
                batch.RemoveRange(i % 100 == 0 ? KeyRange.Between(B(start), B("key 99")) : KeyRange.From(B(start)));
            }

            revisions.Add((await store.WriteAsync(batch)).Revision.Value);
        }

        return revisions;
    }
}
