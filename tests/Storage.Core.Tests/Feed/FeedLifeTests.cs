using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>How watches end, and what they cost.</summary>
[TestFixture]
public sealed class FeedLifeTests
{
    [Test]
    public async Task Closing_ends_each_watch_with_the_reason_and_refuses_new_ones()
    {
        using var feed = new FeedHarness();
        await using WatchProbe waiting = await feed.WatchAsync();
        Task<ToldEvent> next = waiting.NextAsync();
        await using WatchProbe busy = await feed.WatchAsync();
        feed.Feed.Close(() => new StorageException(StorageErrorCode.Internal, "It broke."));
        StorageException first = (await Assert.ThrowsAsync<StorageException>(() => next))!;
        StorageException second = (await Assert.ThrowsAsync<StorageException>(() => busy.NextAsync()))!;
        StorageException third = (await Assert.ThrowsAsync<StorageException>(() => feed.WatchAsync()))!;
        Assert.That(new[] { first.Message, second.Message, third.Message }, Has.All.EqualTo("It broke."));
        Assert.That(first, Is.Not.SameAs(second), "they are thrown on different threads");
        Assert.That(feed.Feed.WatchCount, Is.Zero);
    }

    [Test]
    public async Task A_watch_that_reads_the_log_when_it_is_cancelled_ends_too()
    {
        using var feed = new FeedHarness();
        using var cancellation = new CancellationTokenSource();
        Position start = feed.Head;
        for (int i = 0; i < 100; i++)
        {
            feed.Put(100_000, "other");
        }

        feed.Log.OnRead = () =>
        {
            if (feed.Log.Reads == 5)
            {
                cancellation.Cancel();
            }
        };
        var options = new WatchOptions { After = start, Range = KeyRange.Prefix("quiet") };
        await using WatchProbe watch = await WatchProbe.StartAsync(feed.Feed.WatchAsync(options, cancellation.Token));
        await Assert.ThatAsync(() => watch.NextAsync(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(feed.Log.Reads, Is.EqualTo(5));
        Assert.That(feed.Feed.WatchCount, Is.Zero);
    }

    [Test]
    public async Task A_refused_watch_leaves_nothing_behind()
    {
        using var feed = new FeedHarness();
        Position past = feed.Put(10, "a");
        feed.Put(10, "a");
        await Assert.ThrowsAsync<StorageException>(() => feed.WatchAsync(new WatchOptions { After = past with { Hash = 1 } }));
        await Assert.ThrowsAsync<StorageException>(() => feed.WatchAsync(new WatchOptions { After = past with { Epoch = Guid.Empty } }));
        Assert.That(feed.Feed.WatchCount, Is.Zero);
    }

    [Test]
    public async Task Each_walk_over_a_watch_is_a_watch_of_its_own()
    {
        using var feed = new FeedHarness();
        IAsyncEnumerable<WatchEvent> watch = feed.Feed.WatchAsync(new WatchOptions(), feed.Deadline);
        await using WatchProbe first = await WatchProbe.StartAsync(watch);
        Position put = feed.Put(10, "a");
        await using WatchProbe second = await WatchProbe.StartAsync(watch);
        Assert.That(second.Start, Is.EqualTo(put));
        Assert.That((await first.NextChangesAsync()).Position, Is.EqualTo(put));
    }

    [Test]
    public async Task Events_that_wait_are_read_without_allocation()
    {
        using var feed = new FeedHarness(tailBytes: 8 << 20);
        await using IAsyncEnumerator<WatchEvent> queued = feed.Feed.WatchAsync(new WatchOptions(), feed.Deadline).GetAsyncEnumerator();
        Assert.That(await queued.MoveNextAsync(), Is.True);
        ValueTask<bool> joins = queued.MoveNextAsync();
        feed.Put(10, "a");
        Assert.That(await joins, Is.True);
        await using WatchProbe other = await feed.WatchAsync(new WatchOptions { Range = KeyRange.Prefix("last") });
        Task<ToldEvent> dispatched = other.NextAsync();
        for (int i = 0; i < 1000; i++)
        {
            feed.Put(10, "a");
        }

        feed.Put(10, "last");
        await dispatched;
        Assert.That(AllocatedBy(queued, 1000), Is.Zero, "from its queue");
        var start = new Position(feed.Epoch, Revision.None, ChainHash.Seed);
        await using IAsyncEnumerator<WatchEvent> reading = feed.Feed.WatchAsync(new WatchOptions { After = start }, feed.Deadline).GetAsyncEnumerator();
        Assert.That(await reading.MoveNextAsync(), Is.True);
        Assert.That(AllocatedBy(reading, 900), Is.Zero, "from history");
    }

    private static long AllocatedBy(IAsyncEnumerator<WatchEvent> watch, int events)
    {
        int read = 0;
        for (int i = 0; i < 50; i++)
        {
            read += HasNext(watch.MoveNextAsync()) ? 1 : 0;
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 50; i < events; i++)
        {
            read += HasNext(watch.MoveNextAsync()) ? 1 : 0;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(read, Is.EqualTo(events), "all of them waited");
        return allocated;
    }

    private static bool HasNext(ValueTask<bool> next) => next.IsCompletedSuccessfully && next.Result;
}
