using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class RebuildTests : ReplicaTest
{
    [Test]
    public async Task Another_store_behind_the_source_is_noticed_the_old_copy_is_stale_and_a_new_one_is_built()
    {
        await FillAsync(20);
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        var other = Keep(new InMemoryStorage());
        await other.PutStringAsync("other", "store", Deadline);
        var hold = new TaskCompletionSource();
        Source.Before = async step => await (step == SourceStep.Scan ? hold.Task : Task.CompletedTask);
        await ReplaceSourceAsync(other);
        await WaitForStatusAsync(replica, static status => status is { IsStale: true, IsRebuilding: true, Phase: ReplicaPhase.LoadingRows });
        Assert.That(await replica.GetAsync(Bytes.Numbered("k", 1), Deadline), Has.Property("Found").True, "the old copy is served");
        Assert.That(replica.Status.RevisionLag, Is.Null);
        hold.SetResult();
        await WaitForStatusAsync(replica, static status => status is { IsStale: false, IsRebuilding: false, Phase: ReplicaPhase.Live });
        await AssertEqualAsync(replica);
        Assert.That(await replica.GetStringAsync("other", Deadline), Is.EqualTo("store"));
    }

    [Test]
    public async Task A_source_that_lost_what_the_replica_has_is_an_alarm()
    {
        var log = new RecordingLoggerFactory();
        Options = Options with { LoggerFactory = log };
        await FillAsync(20);
        Position head = await HeadAsync();
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);

        // The same epoch, and a history that is shorter: as a store that was cut off at its damaged end.
        await using var shorter = new InMemoryCopyOf(head with { Revision = new Revision(7), Hash = 7 });
        await ReplaceSourceAsync(shorter.Storage);
        await WaitForStatusAsync(replica, static status => status is { IsStale: false, Bootstraps: 2, Phase: ReplicaPhase.Live });
        Assert.That(log.Errors, Has.Some.Contains("diverged"));
        Assert.That((await replica.GetInfoAsync(Deadline)).Revision, Is.EqualTo(new Revision(7)));
    }

    [Test]
    public async Task History_that_is_gone_makes_a_replica_build_a_new_copy_that_is_not_stale_meanwhile()
    {
        await FillAsync(20);
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        await replica.DisposeAsync();
        await FillAsync(5, "more");
        await Store.CompactAsync((await HeadAsync()).Revision, ignoreFollowers: true, Deadline);
        await Store.PutStringAsync("last", "1", Deadline);
        bool wasStale = false;
        Options = Options with { Progress = new Reports(status => wasStale |= status.IsStale) };
        replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(1));
        Assert.That(wasStale, Is.False);
    }

    [Test]
    public async Task The_source_keeps_history_for_a_replica_that_is_away()
    {
        await FillAsync(20);
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        await replica.DisposeAsync();
        Assert.That((await Store.GetInfoAsync(Deadline)).FollowerCount, Is.EqualTo(1));
        await FillAsync(5, "more");
        Revision head = (await HeadAsync()).Revision;
        await AssertFailsAsync(StorageErrorCode.InvalidArgument, async () => await Store.CompactAsync(head, cancellationToken: Deadline));
        replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.Bootstraps, Is.Zero);
    }

    [Test]
    public async Task A_rebuild_that_is_asked_for_ends_when_the_new_copy_is_read()
    {
        await FillAsync(20);
        ReplicaStorage replica = await OpenLiveAsync();
        await replica.RebuildAsync(Deadline);
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(2));
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task Other_ranges_make_a_new_copy()
    {
        await FillAsync(20, "a");
        await FillAsync(20, "b");
        ReplicaStorage replica = await OpenLiveAsync();
        await replica.DisposeAsync();
        Options = Options with { Ranges = [KeyRange.Prefix("b")] };
        replica = Open();
        await WaitForStatusAsync(replica, static status => status is { Bootstraps: 1, Phase: ReplicaPhase.Live });
        Assert.That(await RowsAsync(replica), Is.EqualTo(await RowsAsync(Store, KeyRange.Prefix("b"))));
    }

    [Test]
    public async Task Readers_see_one_whole_copy_or_the_other_while_copies_are_replaced()
    {
        // Every batch writes the same number to all keys: whoever sees two numbers sees half a copy.
        await WriteNumberAsync(0);
        ReplicaStorage replica = await OpenLiveAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        TaskCompletionSource[] read = [.. Enumerable.Range(0, 3).Select(static _ => new TaskCompletionSource())];
        Task[] readers = [.. read.Select(hasRead => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                List<string> rows = await RowsAsync(replica);
                Assert.That(rows, Has.Count.EqualTo(50));
                Assert.That(rows.Select(static row => row[(row.IndexOf('=', StringComparison.Ordinal) + 1)..]).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
                hasRead.TrySetResult();
                await Task.Yield();
            }
        }))];
        Task seen = Task.WhenAny(Task.WhenAll(read.Select(static each => each.Task)), Task.WhenAny(readers));
        for (int i = 1; i <= 10 || !seen.IsCompleted; i++)
        {
            await WriteNumberAsync(i);
            await replica.RebuildAsync(Deadline);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task A_scan_goes_on_over_the_copy_that_was_replaced()
    {
        await FillAsync(300);
        ReplicaStorage replica = await OpenLiveAsync();
        List<string> expected = await RowsAsync(Store);
        List<string> rows = [];
        await foreach (ScanPage page in replica.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }, Deadline))
        {
            if (rows.Count == 0)
            {
                await Store.RemoveRangeAsync(KeyRange.All, Deadline);
                await replica.RebuildAsync(Deadline);
            }

            foreach (ScanPage.Row row in page)
            {
                rows.Add($"{System.Text.Encoding.UTF8.GetString(row.Key.Span)}={XxHash64.Hash(row.Value.Span, 0):x}");
            }
        }

        Assert.That(rows, Is.EqualTo(expected));
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task A_reader_of_a_copy_that_was_replaced_can_close_the_replica()
    {
        await FillAsync(300);
        ReplicaStorage replica = await OpenLiveAsync();
        await using IAsyncEnumerator<ScanPage> pages =
            replica.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }, Deadline).GetAsyncEnumerator(Deadline);
        Assert.That(await pages.MoveNextAsync(), Is.True);
        await replica.RebuildAsync(Deadline);
        await replica.DisposeAsync();
        await AssertFailsAsync(StorageErrorCode.Closed, async () => await pages.MoveNextAsync());
    }

    [Test]
    public async Task A_watch_goes_on_over_the_new_copy_without_gap_or_repeat()
    {
        await FillAsync(5);
        ReplicaStorage replica = await OpenLiveAsync();
        await using WatchProbe probe = await WatchProbe.StartAsync(replica, new WatchOptions(), Deadline);
        for (int i = 0; i < 5; i++)
        {
            // What comes before the replacement is read after it, from the copy that was replaced.
            await FillAsync(3, $"w{i}");
            await replica.RebuildAsync(Deadline);
            await probe.ReadThroughAsync((await HeadAsync()).Revision);
        }

        Assert.That(probe.Changes.Select(static told => told.Revision.Value), Is.EqualTo(Enumerable.Range(6, 15).Select(static r => (ulong)r)));
        Assert.That(probe.Told[^1].Position, Is.EqualTo(await HeadAsync()));
    }

    [Test]
    public async Task A_watch_of_a_quiet_range_goes_on_over_the_new_copy()
    {
        await FillAsync(5);
        ReplicaStorage replica = await OpenLiveAsync();
        var quiet = new WatchOptions { Range = KeyRange.Prefix("quiet"), ProgressInterval = TimeSpan.FromDays(1) };
        await using WatchProbe probe = await WatchProbe.StartAsync(replica, quiet, Deadline);
        Task<ToldEvent> next = probe.NextChangesAsync();
        await FillAsync(5, "more");
        await replica.RebuildAsync(Deadline);
        await FillAsync(5, "evenmore");
        Revision written = await Store.PutStringAsync("quiet", "1", Deadline);
        Assert.That((await next).Revision, Is.EqualTo(written));
    }

    [Test]
    public async Task A_watch_is_told_when_its_position_is_of_the_store_before()
    {
        await FillAsync(5);
        ReplicaStorage replica = await OpenLiveAsync();
        await using WatchProbe probe = await WatchProbe.StartAsync(replica, new WatchOptions(), Deadline);
        await ReplaceSourceAsync(Keep(new InMemoryStorage()));
        await AssertFailsAsync(StorageErrorCode.EpochChanged, async () => await probe.NextAsync());
    }

    /// <summary>Puts another store behind the source, and ends what watches the old one.</summary>
    private async Task ReplaceSourceAsync(IStorage other)
    {
        Source.Inner = other;
        await Store.DisposeAsync();
    }

    private async Task WriteNumberAsync(int number)
    {
        var batch = new WriteBatch();
        for (int i = 0; i < 50; i++)
        {
            batch.Put(Bytes.Numbered("k", i), Bytes.Noise(300, number + 1));
        }

        await Store.WriteAsync(batch, Deadline);
    }
}
