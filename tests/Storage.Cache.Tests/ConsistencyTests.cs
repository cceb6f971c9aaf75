using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

/// <summary>No read is older than what was seen, nor than the bound in time.</summary>
public class ConsistencyTests
{
    [Test]
    public async Task After_a_newer_revision_was_seen_older_entries_wait_for_the_watch()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await bench.FillAsync("b", "1", 15);
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(15));
        Assert.That(bench.IsHit("b"), Is.True, "it is of that revision itself");
        await bench.FillAsync("a", "2", 15);

        await bench.FillAsync("c", "1", 16);
        await bench.Watch.MarkAsync(16);
        Assert.That(bench.IsHit("a", out string? value, out ulong revision), Is.True);
        Assert.That((value, revision), Is.EqualTo(("2", 16UL)));
    }

    [Test]
    public async Task The_revision_of_a_hit_is_seen_too()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await bench.Watch.MarkAsync(14);
        Assert.That(bench.IsHit("a", out _, out ulong revision), Is.True);
        Assert.That(revision, Is.EqualTo(14));
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(14));
    }

    [Test]
    public async Task Between_the_answer_to_a_write_and_its_event_nothing_older_is_read()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "old", 10);
        await bench.FillAsync("b", "old", 10);
        Task<WriteResult> write = bench.Cache.WriteAsync(new WriteBatch().Put("a", "new")).AsTask();
        Request<WriteResult> sent = await bench.Source.NextWriteAsync();

        // A read while the write is under way may see what was before it, and keeps it.
        await bench.FillAsync("a", "old", 10);
        Assert.That(bench.IsHit("a"), Is.True);
        sent.Answer.SetResult(WriteResult.AppliedAt(new Revision(11)));
        await write;
        await bench.FillAsync("a", "new", 11);
        Assert.That(bench.IsHit("a", out string? value, out _), Is.True);
        Assert.That(value, Is.EqualTo("new"));
        await bench.FillAsync("b", "old", 11);
        await bench.Watch.ChangeAsync(11, "a");
        Assert.That(bench.IsHit("a"), Is.True, "it has the change already");
        Assert.That(bench.IsHit("b"), Is.True);
    }

    [Test]
    public async Task A_read_that_began_before_a_write_and_ends_after_its_event_is_not_kept()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> get = await bench.Source.NextGetAsync();
        Task<WriteResult> write = bench.Cache.WriteAsync(new WriteBatch().Put("a", "new")).AsTask();
        (await bench.Source.NextWriteAsync()).Answer.SetResult(WriteResult.AppliedAt(new Revision(11)));
        await write;
        await bench.Watch.ChangeAsync(11, "a");
        get.Answer.SetResult(CacheBench.Answer("old", 10));
        await read;
        await bench.FillAsync("a", "new", 11);
    }

    [Test]
    public async Task A_write_drops_what_it_changes_when_it_is_sent()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await bench.FillAsync("b1", "1", 10);
        await bench.FillAsync("c", "1", 10);
        Task<WriteResult> write = bench.Cache.WriteAsync(new WriteBatch().Remove("a").RemoveRange(KeyRange.Prefix("b"))).AsTask();
        Request<WriteResult> sent = await bench.Source.NextWriteAsync();
        Assert.That(bench.IsHit("c"), Is.True);
        Assert.That(bench.Cache.Statistics.Entries, Is.EqualTo(1));
        sent.Answer.SetException(new StorageException(StorageErrorCode.Timeout, "too late", WriteOutcome.Unknown));
        await Assert.ThatAsync(() => write, Throws.InstanceOf<StorageException>());
    }

    [Test]
    public async Task What_a_watch_of_the_user_hands_out_is_seen()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        await using IAsyncEnumerator<WatchEvent> mine = bench.Cache.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<bool> next = mine.MoveNextAsync().AsTask();
        ScriptedWatch watch = await bench.Source.NextWatchAsync();
        Task told = watch.MarkAsync(20);
        Assert.That(await next, Is.True);
        Assert.That(bench.Cache.LastSeen.Value, Is.EqualTo(20));
        Assert.That(bench.IsHit("a"), Is.False);
        next = mine.MoveNextAsync().AsTask();
        await told;
        await bench.Cache.DisposeAsync();
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => next))!.Code, Is.EqualTo(StorageErrorCode.Closed));
    }

    [Test]
    public async Task Without_a_word_from_the_source_the_cache_is_used_no_longer_than_it_may_be_stale()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That(bench.IsHit("a"), Is.True);
        bench.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(bench.Cache.IsFresh, Is.False);
        Assert.That(bench.IsHit("a"), Is.False);
    }

    [Test]
    public async Task The_source_confirms_that_the_cache_is_fresh()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        bench.FirstInfo.Answer.SetResult(bench.Info(10));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        bench.Clock.Advance(TimeSpan.FromSeconds(1.25));
        Request<StorageInfo> asked = await bench.Source.NextInfoAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        asked.Answer.SetResult(bench.Info(10));

        // It is fresh as of the question, 1.25 s after the beginning; the timer says that the answer has been dealt with.
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(0.25));
        bench.Clock.Advance(TimeSpan.FromSeconds(0.25));
        await bench.Source.NextInfoAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(3.75));
        Assert.That(bench.IsHit("a"), Is.True);
        bench.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(bench.IsHit("a"), Is.False);
    }

    [Test]
    public async Task A_watch_that_lags_behind_confirms_nothing_until_it_is_there()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "1", 10);
        bench.FirstInfo.Answer.SetResult(bench.Info(10));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        bench.Clock.Advance(TimeSpan.FromSeconds(1.25));
        (await bench.Source.NextInfoAsync()).Answer.SetResult(bench.Info(30));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        bench.Clock.Advance(TimeSpan.FromSeconds(3.75) + TimeSpan.FromTicks(1));
        Assert.That(bench.Cache.IsFresh, Is.False);
        await bench.Watch.ChangeAsync(29, "b");
        Assert.That(bench.Cache.IsFresh, Is.False);
        await bench.Watch.ChangeAsync(30, "b");
        Assert.That(bench.IsHit("a"), Is.True);
    }

    [Test]
    public async Task A_request_that_hangs_is_not_joined_by_those_who_come_later_than_the_cache_may_be_stale()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> early = bench.ReadAsync("a");
        Request<GetResult> hanging = await bench.Source.NextGetAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(5) + TimeSpan.FromTicks(1));
        Task<GetResult> late = bench.ReadAsync("a");
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("new", 12));
        Assert.That((await late).Value, Is.EqualTo(Bytes.Of("new")));
        hanging.Answer.SetResult(CacheBench.Answer("old", 10));
        await early;
    }
}
