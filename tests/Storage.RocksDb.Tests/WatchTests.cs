using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>Watches of a store on the disk: what the log serves, and when it can't.</summary>
public sealed class WatchTests : StoreFixture
{
    private readonly RocksDbOptions _small = new()
    {
        CommitLogBytes = RocksDbOptions.MinCommitLogBytes,
        WatchTailBytes = 64 * 1024,
        Durability = Durability.Buffered,
    };

    private CancellationTokenSource _deadline = null!;

    [SetUp]
    public void SetDeadline() => _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(100));

    [TearDown]
    public void DisposeDeadline() => _deadline.Dispose();

    [Test]
    public async Task A_watch_goes_on_where_it_was_after_a_restart_also_within_a_group()
    {
        List<Position> positions = [];
        await using (RocksDbStorage store = OpenBuffered())
        {
            positions.Add((await store.GetInfoAsync()).Position);
            await using WatchProbe watch = await WatchAsync(store);
            for (int group = 0; group < 4; group++)
            {
                await WriteGroupAsync(store, group, batches: 5);
            }

            await watch.ReadThroughAsync(new Revision(20));
            positions.AddRange(watch.Changes.Select(told => told.Position));
        }

        await using RocksDbStorage again = OpenBuffered();
        for (int i = 0; i <= 20; i++)
        {
            await using WatchProbe rest = await WatchAsync(again, new WatchOptions { After = positions[i] });
            Assert.That(rest.Start, Is.EqualTo(positions[i]));
            await rest.ReadThroughAsync(new Revision(20));
            Assert.That(rest.Changes.Select(told => told.Position), Is.EqualTo(positions[(i + 1)..]));
        }

        Position wrong = positions[7] with { Hash = 5 };
        Assert.That((await FailsAsync(() => WatchAsync(again, new WatchOptions { After = wrong }))).Code, Is.EqualTo(StorageErrorCode.Diverged));
    }

    [Test]
    public async Task A_position_of_a_store_is_not_one_of_what_was_restored_from_it()
    {
        Position position;
        await using (RocksDbStorage store = OpenBuffered())
        {
            await store.PutStringAsync("a", "1");
            position = (await store.GetInfoAsync()).Position;
            await store.CreateCheckpointAsync(Beside("checkpoint"));
        }

        await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored"));
        await using RocksDbStorage restored = RocksDbStorage.Open(Beside("restored"));
        StorageException e = await FailsAsync(() => WatchAsync(restored, new WatchOptions { After = position }));
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.EpochChanged));
    }

    [Test]
    public async Task History_that_is_trimmed_while_it_is_read_is_said_to_be_gone_and_leaves_no_gap()
    {
        await using RocksDbStorage store = Open(_small);
        Position start = (await store.GetInfoAsync()).Position;
        await FillAsync(store, 50);
        await using WatchProbe watch = await WatchAsync(store, new WatchOptions { After = start });
        for (int i = 0; i < 10; i++)
        {
            await watch.NextChangesAsync();
        }

        await FillAsync(store, 1000);
        StorageException e = await FailsAsync(() => watch.ReadThroughAsync(new Revision(1050)));
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Compacted));
        Assert.That(e.Message, Does.Contain(nameof(RocksDbOptions.CommitLogBytes)));
        Assert.That(watch.Changes.Select(told => told.Revision.Value), Is.EqualTo(Enumerable.Range(1, watch.Told.Count - 1).Select(i => (ulong)i)));
        Assert.That(watch.Told[^1].Revision.Value, Is.LessThan(800));
        Assert.That((await FailsAsync(() => WatchAsync(store, new WatchOptions { After = start }))).Code, Is.EqualTo(StorageErrorCode.Compacted));
    }

    [Test]
    public async Task Watches_that_read_while_history_is_trimmed_are_told_all_or_that_it_is_gone()
    {
        await using RocksDbStorage store = Open(_small);
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource[] told = [.. Enumerable.Range(0, 4).Select(static _ => new TaskCompletionSource())];
        Task[] watches = [.. told.Select(isTold => Task.Run(async () =>
        {
            Position? after = null;
            while (!written.Task.IsCompleted)
            {
                try
                {
                    await using WatchProbe watch = await WatchAsync(store, new WatchOptions { After = after, ProgressInterval = TimeSpan.FromMilliseconds(100) });
                    for (int i = 0; i < 300 && !written.Task.IsCompleted; i++)
                    {
                        ToldEvent next = await watch.NextAsync();
                        bool follows = next.Kind == WatchEventKind.Progress || next.Revision == watch.Told[^2].Revision.Next;
                        Assert.That(follows, Is.True, $"{watch.Told[^2].Revision}, then {next}");
                        isTold.TrySetResult();
                        after = i == 250 ? next.Position : after;
                    }
                }
                catch (StorageException e) when (e.Code == StorageErrorCode.Compacted)
                {
                    after = null;
                }
            }
        }))];
        Task seen = Task.WhenAny(Task.WhenAll(told.Select(static each => each.Task)), Task.WhenAny(watches));
        await FillAsync(store, 3000);
        while (!seen.IsCompleted)
        {
            await FillAsync(store, 10);
        }

        written.SetResult();
        await store.PutStringAsync("end", "v");
        await Task.WhenAll(watches);
    }

    [Test]
    public async Task Without_a_log_a_watch_is_told_from_memory_until_it_falls_behind()
    {
        await using RocksDbStorage store = Open(_small with { CommitLogBytes = 0 });
        await store.PutStringAsync("before", "v");
        Position start = (await store.GetInfoAsync()).Position;
        await using WatchProbe quick = await WatchAsync(store);
        await using WatchProbe slow = await WatchAsync(store, new WatchOptions { After = start });
        for (int i = 0; i < 400; i++)
        {
            await quick.ReadThroughAsync(await store.PutAsync(B($"{i}"), new byte[10_000]));
        }

        Assert.That(quick.Changes.Count(), Is.EqualTo(400));
        StorageException e = await FailsAsync(() => slow.ReadThroughAsync(new Revision(401)));
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Compacted));
        Assert.That(slow.Changes.Select(told => told.Revision.Value), Is.EqualTo(Enumerable.Range(2, slow.Told.Count - 1).Select(i => (ulong)i)));
        await using WatchProbe recent = await WatchAsync(store, new WatchOptions { After = quick.Told[^3].Position });
        await recent.ReadThroughAsync(new Revision(401));
        Assert.That(recent.Changes.Count(), Is.EqualTo(2), "memory goes back that far");
        Assert.That((await FailsAsync(() => WatchAsync(store, new WatchOptions { After = start }))).Code, Is.EqualTo(StorageErrorCode.Compacted));
    }

    [Test]
    public async Task Without_a_log_what_nobody_watches_is_not_copied()
    {
        await using RocksDbStorage store = Open(_small with { CommitLogBytes = 0 });
        WriteBatch batch = Put("a", new string('v', 8 << 20));
        await store.PutStringAsync("b", "v");
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await store.WriteAsync(batch);
        long written = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.That(written, Is.LessThan(16 << 20), "RocksDB's form of the batch, and no other");

        await using WatchProbe watch = await WatchAsync(store);
        await WriteGroupAsync(store, 0, batches: 5);
        await watch.ReadThroughAsync(new Revision(7));
        Assert.That(watch.Changes.Count(), Is.EqualTo(5));
    }

    [Test]
    public async Task A_store_open_for_reading_tells_its_history_and_waits()
    {
        Position start;
        await using (RocksDbStorage store = OpenBuffered())
        {
            start = (await store.GetInfoAsync()).Position;
            await WriteGroupAsync(store, 0, batches: 10);
        }

        await using RocksDbStorage reading = Open(new RocksDbOptions { ReadOnly = true });
        Assert.That((await reading.GetInfoAsync()).HistoryBytes, Is.Positive);
        using var cancellation = new CancellationTokenSource();
        await using WatchProbe watch = await WatchProbe.StartAsync(reading, new WatchOptions { After = start }, cancellation.Token);
        await watch.ReadThroughAsync(new Revision(10));
        Assert.That(watch.Changes.Count(), Is.EqualTo(10));
        Task<ToldEvent> next = watch.NextAsync();
        Assert.That(next.IsCompleted, Is.False);
        await cancellation.CancelAsync();
        await Assert.ThatAsync(() => next, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task The_position_that_a_store_tells_is_never_ahead_of_its_watches()
    {
        await using RocksDbStorage store = OpenBuffered();
        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await WriteGroupAsync(store, 0, batches: 3);
            }
        });
        for (int i = 0; i < 500; i++)
        {
            Position position = (await store.GetInfoAsync()).Position;
            await using WatchProbe watch = await WatchAsync(store, new WatchOptions { After = position });
            Assert.That(watch.Start, Is.EqualTo(position));
            if (i % 10 == 0)
            {
                Revision told = (await watch.NextChangesAsync()).Revision;
                Assert.That(told, Is.EqualTo(position.Revision.Next));
                Assert.That((await store.GetInfoAsync()).Revision, Is.GreaterThanOrEqualTo(told), "what was told is part of the store");
            }
        }

        await stop.CancelAsync();
        await writer;
    }

    [Test]
    public async Task A_long_history_is_read_in_bounded_memory()
    {
        await using RocksDbStorage store = OpenBuffered();
        Position start = (await store.GetInfoAsync()).Position;
        for (int group = 0; group < 100; group++)
        {
            await WriteGroupAsync(store, group, batches: 1000);
        }

        GC.Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        ulong revision = 0;
        await foreach (WatchEvent told in store.WatchAsync(new WatchOptions { After = start, KeysOnly = true }, _deadline.Token))
        {
            Assert.That(told.Revision.Value, Is.EqualTo(revision));
            if (revision++ % 20_000 == 10_000)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }

            if (told.Revision.Value == 100_000)
            {
                break;
            }
        }

        Assert.That(most, Is.LessThan(8 << 20));
    }

    [Test]
    public async Task Info_tells_how_much_history_there_is()
    {
        await using (RocksDbStorage store = Open(_small))
        {
            Assert.That((await store.GetInfoAsync()).HistoryBytes, Is.Zero);
            await FillAsync(store, 300);
        }

        await using (RocksDbStorage store = Open(_small))
        {
            StorageInfo info = await store.GetInfoAsync();
            Assert.That(info.CompactedRevision.Value, Is.InRange(150, 250));
            Assert.That(info.HistoryBytes, Is.InRange(RocksDbOptions.MinCommitLogBytes, RocksDbOptions.MinCommitLogBytes * 9 / 8));
        }

        List<(byte[] Key, byte[] Value)> records = StoredLog.ReadRecords(StorePath);
        await using RocksDbStorage again = Open(_small);
        Assert.That((await again.GetInfoAsync()).HistoryBytes, Is.EqualTo(records.Sum(record => record.Key.Length + record.Value.Length)));
    }

    private Task<WatchProbe> WatchAsync(RocksDbStorage store, WatchOptions? options = null) =>
        WatchProbe.StartAsync(store, options ?? new WatchOptions(), _deadline.Token);

    private static async Task WriteGroupAsync(RocksDbStorage store, int group, int batches)
    {
        WriteBatch[] all = [.. Enumerable.Range(0, batches).Select(i => Put($"{group}/{i}", new string('v', 1 + (i % 50))))];
        await store.WriteManyAsync(all, new WriteResult[batches]);
    }

    private static async Task FillAsync(RocksDbStorage store, int batches)
    {
        for (int i = 0; i < batches; i++)
        {
            await store.PutAsync(B($"{i % 10}"), new byte[10_000]);
        }
    }
}
