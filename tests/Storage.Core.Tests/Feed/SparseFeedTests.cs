using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>The feed of a copy of some ranges: revisions are left out, and hashes are given.</summary>
[TestFixture]
public sealed class SparseFeedTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(8);

    private readonly ManualTimeProvider _time = new();

    [Test]
    public async Task A_watch_is_told_the_positions_that_were_given([Values] bool joins)
    {
        using var feed = new FeedHarness();
        await using WatchProbe watch = await feed.WatchAsync();
        if (joins)
        {
            Task<ToldEvent> first = watch.NextAsync();
            feed.PutSparse(gap: 3, 10, "k0");
            await first;
        }

        Position[] given = [feed.PutSparse(gap: 7, 10, "k1"), feed.PutSparse(gap: 0, 10, "k2", "k3"), feed.PutSparse(gap: 100, 10, "k1")];
        await watch.ReadThroughAsync(given[^1].Revision);
        Assert.That(watch.Changes.Select(told => told.Position).TakeLast(3), Is.EqualTo(given));
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
    }

    [Test]
    public async Task A_group_without_operations_moves_watches_on([Values] bool joins)
    {
        using var feed = new FeedHarness(time: _time);
        var options = new WatchOptions { After = feed.Head, ProgressInterval = Interval };
        if (!joins)
        {
            feed.CommitSparse(gap: 5);
        }

        await using WatchProbe watch = await feed.WatchAsync(options);
        Task<ToldEvent> next = watch.NextAsync();
        if (joins)
        {
            feed.CommitSparse(gap: 5);
        }

        await _time.WaitForTimerAsync(Interval);
        _time.Advance(Interval);
        ToldEvent mark = await next;
        Assert.That((mark.Kind, mark.Position), Is.EqualTo((WatchEventKind.Progress, feed.Head)));
        Assert.That(feed.Head.Revision.Value, Is.EqualTo(6));
    }

    [Test]
    public async Task A_watch_resumes_from_any_position_of_the_source([Values] bool inMemory)
    {
        using var feed = new FeedHarness();
        await using WatchProbe? other = inMemory ? await feed.WatchAsync() : null;
        Position[] given = [feed.PutSparse(gap: 2, 10, "a"), feed.PutSparse(gap: 5, 10, "b"), feed.CommitSparse(gap: 5), feed.PutSparse(gap: 2, 10, "c")];
        for (ulong start = 0; start < feed.Head.Revision.Value; start++)
        {
            // Between groups only the source knows the hash.
            Position after = given.FirstOrDefault(position => position.Revision.Value == start, new Position(feed.Epoch, new Revision(start), 4711));
            await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = after });
            Assert.That(watch.Start, Is.EqualTo(after));
            await watch.ReadThroughAsync(feed.Head.Revision);
            Assert.That(
                watch.Changes.Select(told => told.Position),
                Is.EqualTo(given.Where(position => position.Revision.Value > start && position != given[2])));
        }
    }

    [Test]
    public async Task Where_a_group_ends_the_hash_is_compared([Values] bool inMemory)
    {
        using var feed = new FeedHarness();
        await using WatchProbe? other = inMemory ? await feed.WatchAsync() : null;
        Position known = feed.PutSparse(gap: 2, 10, "a");
        feed.PutSparse(gap: 2, 10, "b");
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(
            () => feed.WatchAsync(new WatchOptions { After = known with { Hash = known.Hash + 1 } })))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Diverged));
        exception = (await Assert.ThrowsAsync<StorageException>(
            () => feed.WatchAsync(new WatchOptions { After = feed.Head with { Hash = feed.Head.Hash + 1 } })))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Diverged));
        await using WatchProbe right = await feed.WatchAsync(new WatchOptions { After = known });
        Assert.That((await right.NextAsync()).Position, Is.EqualTo(feed.Head));
    }

    [Test]
    public async Task A_watch_begins_where_history_does()
    {
        using var feed = new FeedHarness();
        Position first = feed.PutSparse(gap: 2, 10, "a");
        feed.PutSparse(gap: 2, 10, "b");
        feed.Log.Trim(first.Revision);
        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = first });
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(feed.Head));
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(
            () => feed.WatchAsync(new WatchOptions { After = new Position(feed.Epoch, new Revision(2), 0) })))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Compacted));
    }

    [Test]
    public async Task History_that_is_trimmed_while_a_position_is_looked_up_does_not_refuse_it()
    {
        using var feed = new FeedHarness();
        Position first = feed.PutSparse(gap: 2, 10, "a");
        feed.PutSparse(gap: 2, 10, "b");
        feed.Log.OnRead = () => feed.Log.Trim(first.Revision);
        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = first });
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(feed.Head));
    }

    [Test]
    public void A_sparse_group_is_one_batch_and_comes_after_the_head()
    {
        using var feed = new FeedHarness();
        feed.PutSparse(gap: 4, 10, "a");
        Assert.That(() => feed.Feed.Publish(Sparse(5)), Throws.InvalidOperationException);
        Assert.That(() => feed.Feed.Publish(Sparse(9)), Throws.Nothing);
        Assert.That(feed.Feed.Head, Is.EqualTo(new Position(feed.Epoch, new Revision(9), 17)));
        Assert.That(
            () => new ChangeGroup(new Revision(1), 2, 0, 0, new byte[] { 0, 0 }, isSparse: true),
            Throws.InstanceOf<ArgumentOutOfRangeException>());

        static ChangeGroup Sparse(ulong revision) => new(new Revision(revision), 1, 0, hash: 17, new byte[] { 0 }, isSparse: true);
    }
}
