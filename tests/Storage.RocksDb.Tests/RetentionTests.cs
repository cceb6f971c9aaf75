using WsStorage.RocksDb.History;
using WsStorage.Testing;

namespace WsStorage.RocksDb.Tests;

/// <summary>How much of the commit log stays: by age, for followers, and on demand.</summary>
public sealed class RetentionTests : StoreFixture
{
    private const int FillerBytes = 10_000;
    private static readonly string Filler = new('x', FillerBytes);

    private readonly ManualTimeProvider _time = new();

    /// <summary>A log of 1 MiB, of which followers can hold 2 MiB.</summary>
    private RocksDbOptions Small => new()
    {
        CommitLogBytes = RocksDbOptions.MinCommitLogBytes,
        CommitLogMaxBytes = 2 * RocksDbOptions.MinCommitLogBytes,
        TimeProvider = _time,
        Durability = Durability.Buffered,
    };

    [Test]
    public async Task History_that_is_an_eighth_older_than_asked_for_goes()
    {
        var options = new RocksDbOptions { CommitLogAge = TimeSpan.FromHours(16), TimeProvider = _time };
        await using RocksDbStorage store = OpenBuffered(options);
        for (int hour = 0; hour < 100; hour++)
        {
            await store.PutStringAsync("k", $"{hour}");
            await SettleAsync(store);
            StorageInfo info = await store.GetInfoAsync();

            // Revision r is of hour r - 1. What is 16 hours old and younger is kept, what is more than 18 hours old is not.
            int kept = (int)(info.Revision.Value - info.CompactedRevision.Value);
            Assert.That(kept, hour < 17 ? Is.EqualTo(hour + 1) : Is.InRange(17, 19), $"at hour {hour}");
            _time.Advance(TimeSpan.FromHours(1));
        }

        _time.Advance(TimeSpan.FromDays(7));
        await store.PutStringAsync("k", "after a pause");
        await SettleAsync(store);
        Assert.That((await store.GetInfoAsync()).CompactedRevision.Value, Is.EqualTo(100), "the newest stays");
    }

    [Test]
    public async Task History_that_has_aged_while_the_store_was_closed_goes_at_the_opening()
    {
        var options = new RocksDbOptions { CommitLogAge = TimeSpan.FromHours(16), TimeProvider = _time };
        await using (RocksDbStorage store = OpenBuffered(options))
        {
            for (int i = 0; i < 10; i++)
            {
                await store.PutStringAsync("k", $"{i}");
            }
        }

        _time.Advance(TimeSpan.FromHours(17));
        await using (RocksDbStorage store = OpenBuffered(options))
        {
            Assert.That((await store.GetInfoAsync()).CompactedRevision.Value, Is.Zero);
        }

        _time.Advance(TimeSpan.FromHours(2));
        await using (RocksDbStorage store = OpenBuffered(options))
        {
            Assert.That((await store.GetInfoAsync()).CompactedRevision.Value, Is.EqualTo(9));
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath).Single().Revision.Value, Is.EqualTo(10));
    }

    [Test]
    public async Task What_a_follower_needs_stays_until_it_has_moved_on()
    {
        await using RocksDbStorage store = Open(Small);
        await FillAsync(store, 50);
        await store.KeepHistoryAsync("f", new Revision(20), TimeSpan.FromHours(1));
        await FillAsync(store, 120);
        Assert.That(await CompactedAsync(store), Is.EqualTo(20));
        await store.KeepHistoryAsync("f", new Revision(40), TimeSpan.FromHours(1));
        await FillAsync(store, 1);
        Assert.That(await CompactedAsync(store), Is.EqualTo(40));
        await store.KeepHistoryAsync("f", default, TimeSpan.Zero);
        await FillAsync(store, 1);
        Assert.That(await CompactedAsync(store), Is.InRange(60, 70), "no follower, no more than 1 MiB");
    }

    [Test]
    public async Task What_a_follower_needs_stays_for_its_time_by_age_too()
    {
        await using RocksDbStorage store = OpenBuffered(new() { CommitLogAge = TimeSpan.FromHours(1), TimeProvider = _time });
        await FillAsync(store, 10);
        await store.KeepHistoryAsync("f", new Revision(5), TimeSpan.FromHours(4));
        _time.Advance(TimeSpan.FromHours(3));
        await FillAsync(store, 1);
        Assert.That(await CompactedAsync(store), Is.EqualTo(5));
        _time.Advance(TimeSpan.FromHours(1.1));
        await FillAsync(store, 1);
        Assert.That(await CompactedAsync(store), Is.EqualTo(11));
        Assert.That((await store.GetInfoAsync()).FollowerCount, Is.Zero);
    }

    [Test]
    public async Task A_follower_that_holds_too_much_is_let_go()
    {
        await using (RocksDbStorage store = Open(Small))
        {
            await FillAsync(store, 10);
            await store.KeepHistoryAsync("late", new Revision(5), TimeSpan.FromHours(1));
            ulong compacted = 0;
            for (int i = 0; i < 600; i++)
            {
                await FillAsync(store, 1);
                StorageInfo info = await store.GetInfoAsync();
                Assert.That(info.HistoryBytes, Is.LessThanOrEqualTo(Small.CommitLogMaxBytes + (2 * FillerBytes)));
                compacted = info.CompactedRevision.Value;
                if (compacted > 5)
                {
                    break;
                }

                Assert.That(info.FollowerCount, Is.EqualTo(1));
            }

            Assert.That(compacted, Is.GreaterThan(5));
            Assert.That((await store.GetInfoAsync()).FollowerCount, Is.Zero);
            StorageException gone = await FailsAsync(async () => await store.KeepHistoryAsync("late", new Revision(5), TimeSpan.FromHours(1)));
            Assert.That(gone.Code, Is.EqualTo(StorageErrorCode.Compacted));

            // From here on the log is as long as without followers.
            await FillAsync(store, 150);
            Assert.That((await store.GetInfoAsync()).HistoryBytes, Is.LessThanOrEqualTo((RocksDbOptions.MinCommitLogBytes * 9 / 8) + (2 * FillerBytes)));
        }

        Assert.That(StoredSessions.ReadFollowers(StorePath), Is.Empty);
    }

    [Test]
    public async Task Followers_are_known_after_a_restart_until_their_time_is_over()
    {
        await using (RocksDbStorage store = Open(Small))
        {
            await FillAsync(store, 50);
            await store.KeepHistoryAsync("short", new Revision(10), TimeSpan.FromHours(1));
            await store.KeepHistoryAsync("l\u00f6ng", new Revision(20), TimeSpan.FromHours(2));
        }

        Assert.That(StoredSessions.ReadFollowers(StorePath), Is.EqualTo(new[] { "l\u00f6ng", "short" }));
        await using (RocksDbStorage store = Open(Small))
        {
            Assert.That((await store.GetInfoAsync()).FollowerCount, Is.EqualTo(2));
            await FillAsync(store, 90);
            Assert.That(await CompactedAsync(store), Is.EqualTo(10));
        }

        _time.Advance(TimeSpan.FromHours(1));
        await using (RocksDbStorage store = Open(Small))
        {
            Assert.That((await store.GetInfoAsync()).FollowerCount, Is.EqualTo(1));
            await FillAsync(store, 10);
            Assert.That(await CompactedAsync(store), Is.EqualTo(20));
            await store.KeepHistoryAsync("l\u00f6ng", default, TimeSpan.Zero);
        }

        Assert.That(StoredSessions.ReadFollowers(StorePath), Is.Empty);
    }

    [Test]
    public async Task History_is_never_promised_and_trimmed_at_once()
    {
        await using RocksDbStorage store = Open(Small with { CommitLogMaxBytes = 1L << 40 });
        using var stop = new CancellationTokenSource();
        Task writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await store.PutStringAsync("k", Filler);
            }
        });
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            StorageInfo info = await store.GetInfoAsync();

            // The oldest history there is, which may be trimmed at any moment.
            Revision after = info.CompactedRevision;
            try
            {
                await store.KeepHistoryAsync("f", after, TimeSpan.FromHours(1));
                for (int check = 0; check < 3; check++)
                {
                    Assert.That((await store.GetInfoAsync()).CompactedRevision, Is.EqualTo(after));
                    await store.PutStringAsync("k", Filler);
                }

                await store.KeepHistoryAsync("f", default, TimeSpan.Zero);
            }
            catch (StorageException e) when (e.Code == StorageErrorCode.Compacted)
            {
                refused++;
            }
        }

        await stop.CancelAsync();
        await writing;
        TestContext.Out.WriteLine($"{refused} of 300 came too late");
        Assert.That(refused, Is.LessThan(300));
        Assert.That(await CompactedAsync(store), Is.Positive);
    }

    [Test]
    public async Task Compaction_within_a_group_is_exact_and_lasts()
    {
        await using (RocksDbStorage store = OpenBuffered())
        {
            for (int group = 0; group < 3; group++)
            {
                WriteBatch[] batches = [.. Enumerable.Range(0, 10).Select(i => Put($"{group} {i}", "v"))];
                await store.WriteManyAsync(batches, new WriteResult[10]);
            }

            await store.CompactAsync(new Revision(14));
            Assert.That((await store.GetInfoAsync()).CompactedRevision.Value, Is.EqualTo(14));
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath)[0].Revision.Value, Is.EqualTo(11), "a record goes whole or not at all");
        Position position;
        await using (RocksDbStorage store = OpenBuffered())
        {
            Assert.That((await store.GetInfoAsync()).CompactedRevision.Value, Is.EqualTo(14));
            await store.CompactAsync(new Revision(30));
            position = (await store.GetInfoAsync()).Position;
        }

        await using (RocksDbStorage store = OpenBuffered())
        {
            StorageInfo info = await store.GetInfoAsync();
            Assert.That((info.CompactedRevision.Value, info.Position), Is.EqualTo((30UL, position)));
            await store.PutStringAsync("more", "v");
        }

        Assert.That(StoredLog.ReadAndCheck(StorePath).Select(batch => batch.Revision.Value), Is.EqualTo(Enumerable.Range(21, 11)));
    }

    [Test]
    public async Task The_size_of_the_history_is_told()
    {
        await using (RocksDbStorage store = Open(Small))
        {
            Assert.That((await store.GetInfoAsync()).HistoryBytes, Is.Zero);
            await FillAsync(store, 150);
        }

        long stored = StoredLog.ReadRecords(StorePath).Sum(record => (long)record.Key.Length + record.Value.Length);
        Assert.That(stored, Is.InRange(RocksDbOptions.MinCommitLogBytes, RocksDbOptions.MinCommitLogBytes * 9 / 8));
        foreach (RocksDbOptions options in new[] { Small, new() { ReadOnly = true } })
        {
            await using RocksDbStorage store = Open(options);
            Assert.That((await store.GetInfoAsync()).HistoryBytes, Is.EqualTo(stored));
        }
    }

    [Test]
    public async Task Without_a_log_there_is_nothing_to_keep()
    {
        await using (RocksDbStorage store = Open(Small))
        {
            await FillAsync(store, 3);
            await store.KeepHistoryAsync("f", Revision.None, TimeSpan.FromHours(1));
        }

        await using (RocksDbStorage store = OpenBuffered(new() { CommitLogBytes = 0, TimeProvider = _time }))
        {
            await store.PutStringAsync("k", "v");
            StorageException e = await FailsAsync(async () => await store.KeepHistoryAsync("f", new Revision(4), TimeSpan.FromHours(1)));
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.Unsupported));
            Assert.That(e.Message, Does.Contain(nameof(RocksDbOptions.CommitLogBytes)));
            await store.CompactAsync(new Revision(4));
            Assert.That((await store.GetInfoAsync()).FollowerCount, Is.Zero);
        }

        await using (RocksDbStorage store = Open(Small))
        {
            Assert.That((await store.GetInfoAsync()).FollowerCount, Is.Zero, "its history is gone");
        }
    }

    [Test]
    public async Task A_restored_store_keeps_nothing_for_the_followers_of_the_one_it_was_made_of()
    {
        await using (RocksDbStorage store = Open(Small))
        {
            await FillAsync(store, 3);
            await store.KeepHistoryAsync("f", Revision.None, TimeSpan.FromHours(1));
            await store.CreateCheckpointAsync(Beside("checkpoint"));
        }

        await RocksDbStorage.RestoreAsync(Beside("checkpoint"), Beside("restored"));
        await using RocksDbStorage restored = RocksDbStorage.Open(Beside("restored"), Small);
        Assert.That((await restored.GetInfoAsync()).FollowerCount, Is.Zero);
    }

    [Test]
    public async Task A_store_open_for_reading_keeps_and_compacts_nothing()
    {
        await using (RocksDbStorage store = Open(Small))
        {
            await FillAsync(store, 3);
        }

        await using RocksDbStorage reader = Open(new() { ReadOnly = true });
        Assert.That((await FailsAsync(async () => await reader.KeepHistoryAsync("f", Revision.None, TimeSpan.FromHours(1)))).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
        Assert.That((await FailsAsync(async () => await reader.CompactAsync(Revision.None))).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
    }

    private static async Task FillAsync(RocksDbStorage store, int records)
    {
        for (int i = 0; i < records; i++)
        {
            await store.PutStringAsync("k", Filler);
        }

        await SettleAsync(store);
    }

    /// <summary>Trimming comes after the acknowledgement: what is asked of the committing thread next comes after both.</summary>
    private static async Task SettleAsync(RocksDbStorage store) =>
        await store.CompactAsync(Revision.None);

    private static async Task<ulong> CompactedAsync(RocksDbStorage store) => (await store.GetInfoAsync()).CompactedRevision.Value;
}
