namespace WsStorage.Cache.Tests;

/// <summary>What becomes of the cache when its watch is lost.</summary>
public class WatchLossTests
{
    [Test]
    public async Task A_watch_that_is_interrupted_goes_on_where_it_was_and_the_entries_stay()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await bench.FillAsync("b", "1", 10);
        await bench.Watch.MarkAsync(12);
        await bench.FailWatchAsync(StorageErrorCode.ConnectionLost);
        Assert.That(bench.Watch.Options.After, Is.EqualTo(bench.Watch.At(12)));
        Assert.That(bench.IsHit("a"), Is.True);
        await bench.Watch.MarkAsync(12);
        await bench.Watch.ChangeAsync(13, "a");
        Assert.That(bench.IsHit("b"), Is.True);
        Assert.That(bench.IsHit("a"), Is.False);
    }

    [Test]
    public async Task While_the_watch_is_down_what_was_read_is_used_no_longer_than_it_may_be_stale()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await bench.FailWatchAsync(StorageErrorCode.ConnectionLost);
        bench.Clock.Advance(TimeSpan.FromSeconds(4.95));
        Assert.That(bench.IsHit("a"), Is.True);
        bench.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(bench.IsHit("a"), Is.False);
    }

    [Test]
    public async Task A_read_that_is_under_way_over_an_interruption_is_judged_by_what_the_watch_tells_afterwards()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.FailWatchAsync(StorageErrorCode.ConnectionLost);
        sent.Answer.SetResult(CacheBench.Answer("1", 10));
        await read;
        Assert.That(bench.IsHit("a"), Is.True);
        await bench.Watch.ChangeAsync(11, "a");
        Assert.That(bench.IsHit("a"), Is.False);
    }

    [Test]
    public async Task When_history_is_gone_everything_is_dropped_and_what_was_seen_still_counts()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await bench.FillAsync("b", "1", 18);
        await bench.FailWatchAsync(StorageErrorCode.Compacted);
        Assert.That(bench.Cache.Statistics.Entries, Is.Zero);
        Assert.That(bench.Watch.Options.After, Is.Null);
        await bench.FillAsync("a", "2", 18);
        Assert.That(bench.Cache.Statistics.Entries, Is.Zero, "nobody watches yet");
        await bench.Watch.MarkAsync(18);
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(18));
        await bench.FillAsync("a", "2", 18);
        Assert.That(bench.IsHit("a"), Is.True);
    }

    [TestCase(StorageErrorCode.Compacted)]
    [TestCase(StorageErrorCode.EpochChanged)]
    [TestCase(StorageErrorCode.Diverged)]
    public async Task A_read_of_before_is_not_kept_by_what_begins_anew(StorageErrorCode code)
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.FailWatchAsync(code);
        await bench.Watch.MarkAsync(12);
        sent.Answer.SetResult(CacheBench.Answer("old", 50));
        await read;
        Assert.That(bench.Cache.Statistics.Entries, Is.Zero);
    }

    [TestCase(StorageErrorCode.EpochChanged)]
    [TestCase(StorageErrorCode.Diverged)]
    public async Task The_revisions_of_another_history_are_forgotten(StorageErrorCode code)
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "old", 1000);
        bench.Watch.Epoch = ScriptedWatch.EpochTwo;
        await bench.FailWatchAsync(code);
        Assert.That(bench.Cache.LastSeen, Is.EqualTo(Revision.None));
        await bench.Watch.MarkAsync(3);
        await bench.FillAsync("a", "new", 3);
        Assert.That(bench.IsHit("a", out string? value, out ulong revision), Is.True);
        Assert.That((value, revision), Is.EqualTo(("new", 3UL)));
    }

    [Test]
    public async Task A_revision_that_comes_late_out_of_another_epoch_is_taken_back()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        bench.Watch.Epoch = ScriptedWatch.EpochTwo;
        await bench.FailWatchAsync(StorageErrorCode.EpochChanged);
        await bench.Watch.MarkAsync(3);
        sent.Answer.SetResult(CacheBench.Answer("old", 1000));
        await read;
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(1000), "it may be of this store, for all that is known");

        // The probe's first question was asked before: its answer says nothing of it, the next one does.
        bench.FirstInfo.Answer.SetResult(bench.Info(3));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(1000));
        bench.Clock.Advance(TimeSpan.FromSeconds(1.25));
        (await bench.Source.NextInfoAsync()).Answer.SetResult(bench.Info(3));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(3));
    }

    [Test]
    public async Task Another_store_that_answers_the_probe_makes_the_cache_begin_anew()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "old", 10);
        bench.Watch.Epoch = ScriptedWatch.EpochTwo;
        bench.FirstInfo.Answer.SetResult(bench.Info(3));
        await bench.ResumeAsync();
        Assert.That(bench.Cache.Statistics.Entries, Is.Zero);
        Assert.That(bench.Watch.Options.After, Is.Null);
    }

    [Test]
    public async Task A_watch_that_goes_over_to_another_store_without_a_word_is_begun_anew()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "old", 10);
        bench.Watch.Epoch = ScriptedWatch.EpochTwo;
        _ = bench.Watch.MarkAsync(12);
        await bench.ResumeAsync();
        Assert.That(bench.Cache.Statistics.Entries, Is.Zero);
    }

    [Test]
    public async Task Disposing_ends_the_watch_and_leaves_the_source()
    {
        CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        await bench.DisposeAsync();
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => read))!.Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That(bench.Clock.ActiveTimers, Is.Zero);
    }
}
