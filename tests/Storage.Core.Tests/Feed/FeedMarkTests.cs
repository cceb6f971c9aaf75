using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>When a watch to which nothing happens learns how far it is complete.</summary>
[TestFixture]
public sealed class FeedMarkTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(8);

    private static readonly WatchOptions Quiet = new() { Range = KeyRange.Prefix("quiet"), ProgressInterval = Interval };

    private readonly ManualTimeProvider _time = new();
    private FeedHarness _feed = null!;

    [SetUp]
    public void Open() => _feed = new FeedHarness(time: _time);

    [TearDown]
    public void Close() => _feed.Dispose();

    [Test]
    public async Task A_mark_comes_when_the_store_has_moved_on_and_its_time_is_over()
    {
        await using WatchProbe watch = await _feed.WatchAsync(Quiet);
        Task<ToldEvent> next = watch.NextAsync();
        Position moved = _feed.Put(10, "loud");
        await _time.WaitForTimerAsync(Interval);
        _time.Advance(Interval - TimeSpan.FromMilliseconds(1));
        Assert.That(next.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        ToldEvent mark = await next;
        Assert.That((mark.Kind, mark.Position), Is.EqualTo((WatchEventKind.Progress, moved)));
    }

    [Test]
    public async Task While_the_store_stands_still_no_timer_runs()
    {
        await using WatchProbe watch = await _feed.WatchAsync(Quiet);
        Task<ToldEvent> next = watch.NextAsync();
        Assert.That(_time.ActiveTimers, Is.Zero);
        _feed.Put(10, "loud");
        await _time.WaitForTimerAsync(Interval);
        _time.Advance(Interval);
        await next;
        next = watch.NextAsync();
        Assert.That(_time.ActiveTimers, Is.Zero);
        _feed.Put(10, "quiet");
        await next;
        Assert.That(_time.AdvanceToNextTimer(), Is.True, "the store has moved on; nobody is behind");
        Assert.That(_time.ActiveTimers, Is.Zero);
    }

    [Test]
    public async Task An_event_takes_the_place_of_a_mark()
    {
        await using WatchProbe watch = await _feed.WatchAsync(Quiet);
        Task<ToldEvent> next = watch.NextAsync();
        _feed.Put(10, "loud");
        await _time.WaitForTimerAsync(Interval);
        _time.Advance(Interval / 2);
        _feed.Put(10, "quiet");
        await next;
        next = watch.NextAsync();
        _feed.Put(10, "loud");
        await DispatchedAsync();

        // The timer looks when the first mark would have been due, and again when the next one is.
        _time.Advance(Interval / 2);
        Assert.That(next.IsCompleted, Is.False);
        _time.Advance(Interval / 2);
        Assert.That((await next).Position, Is.EqualTo(_feed.Head));
    }

    [Test]
    public async Task A_mark_that_waits_for_its_reader_makes_way_for_a_batch_and_for_a_later_mark()
    {
        await using WatchProbe watch = await _feed.WatchAsync(Quiet);
        await JoinAsync(watch);
        for (int i = 0; i < 3; i++)
        {
            _feed.Put(10, "loud");
            await DispatchedAsync();
            _time.Advance(2 * Interval);
        }

        Position last = _feed.Head;
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(last), "one mark, the last");
        _feed.Put(10, "loud");
        await DispatchedAsync();
        _time.Advance(2 * Interval);
        Position batch = _feed.Put(10, "quiet");
        await DispatchedAsync();
        Assert.That((await watch.NextAsync()).Position, Is.EqualTo(batch), "the mark before it says nothing more");
        Assert.That(watch.NextAsync().IsCompleted, Is.False, "nor does it come afterwards");
    }

    [Test]
    public async Task Watches_of_different_patience_have_one_timer()
    {
        WatchProbe[] watches = await Task.WhenAll(Enumerable.Range(1, 10).Select(i => _feed.WatchAsync(Quiet with { ProgressInterval = i * Interval })));
        Task<ToldEvent>[] next = [.. watches.Select(watch => watch.NextAsync())];
        Position moved = _feed.Put(10, "loud");
        await _time.WaitForTimerAsync(Interval);
        Assert.That(_time.ActiveTimers, Is.EqualTo(1));
        for (int i = 0; i < watches.Length; i++)
        {
            Assert.That(next[i].IsCompleted, Is.False);
            _time.Advance(Interval);
            Assert.That((await next[i]).Position, Is.EqualTo(moved));
            Assert.That(_time.ActiveTimers, Is.EqualTo(i == watches.Length - 1 ? 0 : 1));
        }

        foreach (WatchProbe watch in watches)
        {
            await watch.DisposeAsync();
        }
    }

    [Test]
    public async Task A_shorter_patience_that_comes_later_is_heeded()
    {
        await using WatchProbe patient = await _feed.WatchAsync(Quiet with { ProgressInterval = 10 * Interval });
        Task<ToldEvent> last = patient.NextAsync();
        _feed.Put(10, "loud");
        await _time.WaitForTimerAsync(10 * Interval);
        await using WatchProbe watch = await _feed.WatchAsync(Quiet);
        Task<ToldEvent> next = watch.NextAsync();
        _feed.Put(10, "loud");
        await _time.WaitForTimerAsync(Interval);
        await DispatchedAsync();
        _time.Advance(Interval);
        Assert.That((await next).Position, Is.EqualTo(_feed.Head));
        Assert.That(last.IsCompleted, Is.False);
    }

    [Test]
    public async Task One_who_reads_much_that_it_does_not_want_tells_how_far_it_is()
    {
        Position start = _feed.Head;
        for (int i = 0; i < 100; i++)
        {
            _feed.Put(100_000, "loud");
        }

        // The clock moves with each piece that is read.
        _feed.Log.OnRead = () => _time.Advance(Interval / 2);
        await using WatchProbe watch = await _feed.WatchAsync(Quiet with { After = start });
        await watch.ReadThroughAsync(new Revision(90));
        Assert.That(watch.Changes, Is.Empty);
        Assert.That(watch.Told, Has.Count.GreaterThan(10));
        new WatchGuarantees(_feed.Committed, Quiet, watch.Told).CheckAll();
    }

    /// <summary>Lets a watch join, which it does when its reader waits.</summary>
    private async Task JoinAsync(WatchProbe watch)
    {
        Task<ToldEvent> next = watch.NextAsync();
        _feed.Put(10, "quiet");
        await next;
    }

    /// <summary>Completes when all that was committed has been dispatched.</summary>
    private async Task DispatchedAsync()
    {
        var options = new WatchOptions { Range = KeyRange.Single(Bytes.Of("dispatched")), ProgressInterval = TimeSpan.FromDays(1) };
        await using WatchProbe probe = await _feed.WatchAsync(options);
        Task<ToldEvent> next = probe.NextAsync();
        Position put = _feed.Put(1, "dispatched");
        Assert.That((await next).Position, Is.EqualTo(put));
    }
}
