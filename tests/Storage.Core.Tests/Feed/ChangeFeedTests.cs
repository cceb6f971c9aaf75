using System.Runtime.InteropServices;
using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>How watches are told: from memory while they keep up, from the log when they don't.</summary>
[TestFixture]
public sealed class ChangeFeedTests
{
    [Test]
    public async Task What_nobody_watches_is_not_kept()
    {
        using var feed = new FeedHarness();
        feed.Put(1000, "a");
        Assert.That(feed.Feed.TailBytes, Is.Zero);
        Assert.That(feed.Feed.Head, Is.EqualTo(feed.Head));
        await using (WatchProbe watch = await feed.WatchAsync())
        {
            feed.Put(1000, "a");
            Assert.That(feed.Feed.TailBytes, Is.GreaterThan(1000));
        }

        Assert.That(feed.Feed.TailBytes, Is.Zero, "the last watch has left");
        Assert.That(feed.Feed.WatchCount, Is.Zero);
    }

    [Test]
    public async Task A_watch_that_keeps_up_reads_no_log()
    {
        using var feed = new FeedHarness();
        await using WatchProbe watch = await feed.WatchAsync();
        for (int i = 0; i < 300; i++)
        {
            await watch.ReadThroughAsync(feed.Put(1000, "a", "b", "c").Revision);
            await feed.JoinAsync(watch, "a");
        }

        Assert.That(feed.Log.Reads, Is.Zero);
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
    }

    [Test]
    public async Task A_watch_that_waits_in_memory_reads_no_log_either()
    {
        using var feed = new FeedHarness();
        await using WatchProbe watch = await feed.WatchAsync();
        await feed.JoinAsync(watch, "a");
        Position last = default;
        for (int i = 0; i < 50; i++)
        {
            last = feed.Put(1000, "a");
        }

        await watch.ReadThroughAsync(last.Revision);
        Assert.That(feed.Log.Reads, Is.Zero);
    }

    [Test]
    public async Task A_watch_that_falls_out_of_memory_reads_the_log_and_joins_again()
    {
        using var feed = new FeedHarness(tailBytes: ChangeFeedOptions.MinTailBytes);
        await using WatchProbe watch = await feed.WatchAsync();
        await using WatchProbe other = await feed.WatchAsync(new WatchOptions { Range = KeyRange.Prefix("dispatched") });
        int reads = 0;
        for (int round = 0; round < 3; round++)
        {
            await feed.JoinAsync(watch, "b");
            Assert.That(feed.Log.Reads, Is.EqualTo(reads), "it is told from memory again");

            // Its queue takes a megabyte, and the tail 64 KiB: the rest is read from the log. Group by group is dispatched, so
            // that it is the queue that is full, and not the dispatcher that falls behind.
            for (int i = 0; i < 300; i++)
            {
                feed.Put(10_000, "a");
                await feed.JoinAsync(other, "dispatched");
            }

            await watch.ReadThroughAsync(feed.Head.Revision);
            Assert.That(feed.Log.Reads, Is.GreaterThan(reads));
            reads = feed.Log.Reads;
        }

        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
    }

    [Test]
    public async Task Without_a_log_a_watch_that_falls_out_of_memory_is_refused_and_never_told_a_gap()
    {
        using var feed = new FeedHarness(tailBytes: 2 << 20, withLog: false);
        await using WatchProbe watch = await feed.WatchAsync();
        await feed.JoinAsync(watch, "a");
        for (int i = 0; i < 500; i++)
        {
            feed.Put(10_000, "a");
        }

        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => watch.ReadThroughAsync(feed.Head.Revision)))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Compacted));
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
        Assert.That(feed.Feed.WatchCount, Is.Zero, "it has left");
        Assert.That(await Assert.ThrowsAsync<StorageException>(() => watch.NextAsync()), Is.SameAs(exception), "it says so again");
    }

    [Test]
    public async Task What_has_been_told_stays_in_memory_only_where_there_is_no_log([Values] bool withLog)
    {
        const long Mebibyte = 1 << 20;
        using var feed = new FeedHarness(tailBytes: 16 * Mebibyte, withLog);
        Position start = feed.Head;
        await using WatchProbe watch = await feed.WatchAsync();
        for (int i = 0; i < 40; i++)
        {
            await watch.ReadThroughAsync(feed.Put(100_000, "a").Revision);
        }

        // The last that the dispatcher takes is taken before it is told.
        Assert.That(feed.Feed.TailBytes, withLog ? Is.InRange(100_000, Mebibyte + 200_000) : Is.GreaterThan(4_000_000));
        await using WatchProbe late = await feed.WatchAsync(new WatchOptions { After = start });
        await late.ReadThroughAsync(feed.Head.Revision);
        Assert.That(feed.Log.Reads, withLog ? Is.Positive : Is.Zero);
        new WatchGuarantees(feed.Committed, new WatchOptions { After = start }, late.Told).CheckAll();
    }

    [Test]
    public async Task A_log_that_is_trimmed_before_a_watch_has_read_it_ends_it_and_is_never_told_as_a_gap()
    {
        using var feed = new FeedHarness(tailBytes: ChangeFeedOptions.MinTailBytes);
        Position start = feed.Head;
        await using WatchProbe keeper = await feed.WatchAsync();
        for (int i = 0; i < 100; i++)
        {
            feed.Put(10_000, "a");
        }

        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = start });
        feed.Log.OnRead = () => feed.Log.Trim(new Revision(80));
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => watch.ReadThroughAsync(feed.Head.Revision)))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Compacted));
        Assert.That(watch.Told[^1].Revision.Value, Is.InRange(2, 79));
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
    }

    [Test]
    public async Task A_position_below_what_is_kept_is_refused_and_the_edge_is_not()
    {
        using var feed = new FeedHarness(tailBytes: ChangeFeedOptions.MinTailBytes);
        List<Position> positions = [feed.Head];
        for (int i = 0; i < 20; i++)
        {
            positions.Add(feed.Put(100, "a"));
        }

        feed.Log.Trim(new Revision(10));
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => feed.WatchAsync(new WatchOptions { After = positions[9] })))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Compacted));
        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = positions[10] });
        Assert.That((await watch.NextChangesAsync()).Revision.Value, Is.EqualTo(11));
    }

    [Test]
    public async Task A_batch_too_large_to_wait_is_read_from_history()
    {
        using var feed = new FeedHarness(tailBytes: 4 << 20);
        await using WatchProbe watch = await feed.WatchAsync();
        Task<ToldEvent> waiting = watch.NextAsync();
        feed.Put(300_000, "a");
        Assert.That((await waiting).Changes.Single().Operation.Second, Has.Length.EqualTo(300_000), "handed to who waits");
        await feed.JoinAsync(watch, "b");
        feed.Put(10, "b");
        feed.Put(300_000, "c");
        Position last = feed.Put(10, "d");
        await watch.ReadThroughAsync(last.Revision);
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
    }

    [Test]
    public async Task Damaged_history_is_said_to_be()
    {
        using var feed = new FeedHarness(tailBytes: ChangeFeedOptions.MinTailBytes);
        Position start = feed.Put(10, "a");
        feed.Put(ChangeFeed.PieceBytes, "a");
        feed.Log.Add(new ChangeGroup(new Revision(3), 1, 0, hash: 1, new byte[] { 3, 2, 1, 0x61 }));
        Assert.That(feed.Feed.TryAdvance(new Position(feed.Epoch, new Revision(3), 1)), Is.True);
        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = start, Range = KeyRange.Prefix("z") });
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => watch.NextAsync()))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Corrupt));
    }

    [Test]
    public async Task A_small_batch_that_waits_does_not_keep_its_large_group()
    {
        using var feed = new FeedHarness(tailBytes: 1 << 20);
        await using IAsyncEnumerator<WatchEvent> watch = feed.Feed
            .WatchAsync(new WatchOptions { Range = KeyRange.Prefix("a") }, feed.Deadline).GetAsyncEnumerator();
        await watch.MoveNextAsync();
        ValueTask<bool> next = watch.MoveNextAsync();
        feed.Put(10_000, "b", "c", "a", "d");
        await next;
        Assert.That(MemoryMarshal.TryGetArray(watch.Current.PackedOperations, out ArraySegment<byte> segment), Is.True);
        Assert.That(segment.Array, Has.Length.LessThan(20_000));
    }

    [Test]
    public void A_group_that_does_not_follow_is_a_defect()
    {
        using var feed = new FeedHarness();
        Assert.That(() => feed.Feed.Publish(new ChangeGroup(new Revision(2), 1, 0, 0, default)), Throws.InvalidOperationException);
    }
}
