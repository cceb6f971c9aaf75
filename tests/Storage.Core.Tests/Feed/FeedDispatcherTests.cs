using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>What happens while the dispatcher is behind: it is held up where the test wants it.</summary>
[TestFixture]
public sealed class FeedDispatcherTests
{
    [Test]
    public async Task No_writer_waits_for_a_dispatcher_that_is_held_up()
    {
        using var clock = new HeldClock();
        using var feed = new FeedHarness(tailBytes: ChangeFeedOptions.MinTailBytes, time: clock);
        await using WatchProbe watch = await feed.WatchAsync();
        Task<ToldEvent> waiting = watch.NextAsync();
        Assert.That(feed.Feed.JoinedCount, Is.EqualTo(1));
        clock.Hold();
        feed.Put(10, "a");
        clock.WaitUntilHeld();

        // The dispatcher stands; what it has not seen falls out of memory, and the watch reads it by itself.
        Position last = default;
        for (int i = 0; i < 100; i++)
        {
            last = feed.Put(10_000, $"{i}");
        }

        Assert.That(waiting.IsCompleted, Is.False);
        clock.Release();
        await waiting;
        await watch.ReadThroughAsync(last.Revision);
        Assert.That(feed.Log.Reads, Is.Positive);
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
    }

    [Test]
    public async Task A_watch_that_has_read_further_than_the_dispatcher_joins_and_is_told_nothing_twice()
    {
        using var clock = new HeldClock();
        using var feed = new FeedHarness(time: clock);
        Position start = feed.Head;
        await using WatchProbe held = await feed.WatchAsync();
        Task<ToldEvent> first = held.NextAsync();
        clock.Hold();
        feed.Put(10, "a");
        clock.WaitUntilHeld();
        clock.LetOthersBy();
        Position ahead = feed.Put(10, "b", "c");
        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = start });
        await watch.ReadThroughAsync(ahead.Revision);
        Task<ToldEvent> next = watch.NextAsync();
        Assert.That(feed.Feed.JoinedCount, Is.EqualTo(2), "it has joined ahead of the dispatcher");
        Assert.That(first.IsCompleted, Is.False);
        clock.Release();
        await held.ReadThroughAsync((await first).Revision);
        await held.ReadThroughAsync(ahead.Revision);
        Assert.That(next.IsCompleted, Is.False, "it knows all of that");
        Position last = feed.Put(10, "d");
        Assert.That((await next).Position, Is.EqualTo(last));
        await held.ReadThroughAsync(last.Revision);
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
        new WatchGuarantees(feed.Committed, new WatchOptions(), held.Told).CheckAll();
    }

    [Test]
    public async Task A_watch_that_joined_ahead_of_a_dispatcher_which_falls_behind_is_told_nothing_twice()
    {
        using var clock = new HeldClock();
        using var feed = new FeedHarness(tailBytes: ChangeFeedOptions.MinTailBytes, time: clock);
        Position start = feed.Head;
        await using WatchProbe held = await feed.WatchAsync();
        Task<ToldEvent> first = held.NextAsync();
        clock.Hold();
        feed.Put(10, "a");
        clock.WaitUntilHeld();
        clock.LetOthersBy();
        Position ahead = feed.Put(10, "b");
        await using WatchProbe watch = await feed.WatchAsync(new WatchOptions { After = start });
        await watch.ReadThroughAsync(ahead.Revision);
        Task<ToldEvent> next = watch.NextAsync();
        Assert.That(feed.Feed.JoinedCount, Is.EqualTo(2));
        for (int i = 0; i < 20; i++)
        {
            feed.Put(10_000, "c");
        }

        clock.Release();
        await first;
        await next;
        await watch.ReadThroughAsync(feed.Head.Revision);
        await held.ReadThroughAsync(feed.Head.Revision);
        new WatchGuarantees(feed.Committed, new WatchOptions(), watch.Told).CheckAll();
        new WatchGuarantees(feed.Committed, new WatchOptions(), held.Told).CheckAll();
    }

    [Test]
    public async Task A_mark_says_no_more_than_what_was_dispatched()
    {
        using var clock = new HeldClock();
        using var feed = new FeedHarness(time: clock);
        await using WatchProbe quiet = await feed.WatchAsync(
            new WatchOptions { Range = KeyRange.Prefix("quiet"), ProgressInterval = TimeSpan.FromMilliseconds(100) });
        Task<ToldEvent> next = quiet.NextAsync();
        await using WatchProbe loud = await feed.WatchAsync(new WatchOptions { Range = KeyRange.Prefix("loud") });
        Revision dispatched = (await feed.JoinAsync(loud, "loud", joined: 2)).Revision;
        clock.Hold();
        Position held = feed.Put(10, "quiet");
        clock.WaitUntilHeld();
        clock.LetOthersBy();
        ToldEvent mark = await next;
        Assert.That((mark.Kind, mark.Revision), Is.EqualTo((WatchEventKind.Progress, dispatched)));
        clock.Release();
        Assert.That((await quiet.NextAsync()).Position, Is.EqualTo(held));
    }

    /// <summary>A clock that holds up the dispatcher, which asks it for the time of each group.</summary>
    private sealed class HeldClock : TimeProvider, IDisposable
    {
        private readonly ManualResetEventSlim _open = new(initialState: true);
        private readonly ManualResetEventSlim _held = new();
        private bool _holdsOne;

        public void Hold() => _open.Reset();

        public void WaitUntilHeld() => Assert.That(_held.Wait(TimeSpan.FromSeconds(20)), Is.True);

        /// <summary>Only who is held already stays so.</summary>
        public void LetOthersBy() => Volatile.Write(ref _holdsOne, true);

        public void Release() => _open.Set();

        public override long GetTimestamp()
        {
            if (!_open.IsSet && !Volatile.Read(ref _holdsOne))
            {
                _held.Set();
                _open.Wait(TimeSpan.FromSeconds(30));
            }

            return base.GetTimestamp();
        }

        public void Dispose()
        {
            _open.Dispose();
            _held.Dispose();
        }
    }
}
