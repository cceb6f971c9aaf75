using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

/// <summary>Reads that are under way while their keys change, in every order.</summary>
public class FillRaceTests
{
    [Test]
    public async Task An_answer_that_lacks_a_change_which_has_passed_is_not_kept()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.Watch.ChangeAsync(11, "a");
        sent.Answer.SetResult(CacheBench.Answer("old", 10));
        Assert.That((await read).Value, Is.EqualTo(Bytes.Of("old")), "it may see it: it began before");
        await bench.FillAsync("a", "new", 11);
    }

    [Test]
    public async Task An_answer_that_has_the_change_which_has_passed_is_kept()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.Watch.ChangeAsync(11, "a");
        sent.Answer.SetResult(CacheBench.Answer("new", 11));
        await read;
        Assert.That(bench.IsHit("a", out string? value, out _), Is.True);
        Assert.That(value, Is.EqualTo("new"));
    }

    [Test]
    public async Task A_change_that_comes_after_the_answer_drops_it()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "old", 10);
        await bench.Watch.ChangeAsync(11, "a");
        Assert.That(bench.IsHit("a"), Is.False);
        Assert.That(bench.Cache.Statistics.Invalidated, Is.EqualTo(1));
    }

    [Test]
    public async Task A_change_that_the_answer_has_already_leaves_it()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.FillAsync("a", "new", 11);
        await bench.Watch.ChangeAsync(11, "a");
        Assert.That(bench.IsHit("a", out string? value, out ulong revision), Is.True);
        Assert.That((value, revision), Is.EqualTo(("new", 11UL)));
    }

    [Test]
    public async Task Changes_of_other_keys_do_not_matter()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.Watch.ChangeAsync(11, "b", "aa");
        await bench.Watch.RemoveRangeAsync(12, KeyRange.From(Bytes.Of("aaa")));
        sent.Answer.SetResult(CacheBench.Answer("1", 10));
        await read;
        Assert.That(bench.IsHit("a", out _, out ulong revision), Is.True);
        Assert.That(revision, Is.EqualTo(12), "nothing has changed it up to there");
    }

    [Test]
    public async Task The_removal_of_a_range_counts_for_each_key_in_it([Values] bool filled)
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a1");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.FillAsync("b", "1", 10);
        if (filled)
        {
            sent.Answer.SetResult(CacheBench.Answer("1", 10));
            await read;
        }

        await bench.Watch.RemoveRangeAsync(11, KeyRange.Prefix("a"));
        sent.Answer.TrySetResult(CacheBench.Answer("1", 10));
        await read;
        Assert.That(bench.IsHit("b"), Is.True);
        Assert.That(bench.IsHit("a1"), Is.False);
    }

    [Test]
    public async Task An_invalidation_drops_what_it_names_and_what_is_under_way([Values] bool filled)
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a1");
        Request<GetResult> sent = await bench.Source.NextGetAsync();
        await bench.FillAsync("b", "1", 10);
        if (filled)
        {
            sent.Answer.SetResult(CacheBench.Answer("1", 10));
            await read;
        }

        await bench.Watch.InvalidateAsync(10, KeyRange.Prefix("a"), KeyRange.Prefix("c"));
        sent.Answer.TrySetResult(CacheBench.Answer("1", 10));
        await read;
        Assert.That(bench.IsHit("b"), Is.True);
        Assert.That(bench.IsHit("a1"), Is.False);
    }

    [Test]
    public async Task Readers_who_miss_together_share_one_request()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult>[] reads = [bench.ReadAsync("a"), bench.ReadAsync("a"), bench.ReadAsync("a")];
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("1", 10));
        GetResult[] results = await Task.WhenAll(reads);
        Assert.That(results.Select(result => result.Value), Is.All.EqualTo(Bytes.Of("1")));
        Assert.That(results.Select(result => result.Value).Distinct(ReferenceEqualityComparer.Instance).Count(), Is.EqualTo(3));
        Assert.That(bench.Source.WaitingGets, Is.Zero);
    }

    [Test]
    public async Task A_reader_who_gives_up_takes_nothing_from_those_who_share_its_request()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        using var cancellation = new CancellationTokenSource();
        Task<GetResult> first = bench.Cache.GetAsync(Bytes.Of("a"), cancellation.Token).AsTask();
        Task<GetResult> second = bench.ReadAsync("a");
        await cancellation.CancelAsync();
        await Assert.ThatAsync(() => first, Throws.InstanceOf<OperationCanceledException>());
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("1", 10));
        Assert.That((await second).Value, Is.EqualTo(Bytes.Of("1")));
    }

    [Test]
    public async Task A_joined_request_that_brings_less_than_was_seen_is_followed_by_another()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> first = bench.ReadAsync("a");
        Request<GetResult> early = await bench.Source.NextGetAsync();
        await bench.FillAsync("b", "1", 15);
        Task<GetResult> second = bench.ReadAsync("a");
        early.Answer.SetResult(CacheBench.Answer("old", 10));
        Assert.That((await first).Value, Is.EqualTo(Bytes.Of("old")));
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("new", 15));
        Assert.That((await second).Value, Is.EqualTo(Bytes.Of("new")));
    }

    [Test]
    public async Task Of_two_answers_that_race_the_second_is_not_kept_and_drops_the_first_if_they_differ([Values] bool differ)
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> one = bench.ReadAsync("a");
        Request<GetResult> first = await bench.Source.NextGetAsync();
        Task<GetResult> two = bench.Cache.Strict.GetAsync(Bytes.Of("a")).AsTask();
        Request<GetResult> second = await bench.Source.NextGetAsync();
        second.Answer.SetResult(CacheBench.Answer("x", 10));
        await two;
        Assert.That(bench.IsHit("a"), Is.True);
        first.Answer.SetResult(CacheBench.Answer(differ ? "y" : "x", 10));
        await one;
        Assert.That(bench.IsHit("a"), Is.EqualTo(!differ));
    }

    [Test]
    public async Task A_request_that_another_has_overtaken_is_not_joined()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> one = bench.ReadAsync("a");
        Request<GetResult> first = await bench.Source.NextGetAsync();
        Task<GetResult> two = bench.Cache.Strict.GetAsync(Bytes.Of("a")).AsTask();
        (await bench.Source.NextGetAsync()).Answer.SetResult(CacheBench.Answer("new", 10));
        await two;

        // The revision is a lower bound: "new" may be of revision 11, which the watch has not told yet.
        await bench.Watch.ChangeAsync(11, "a");
        Task<GetResult> three = bench.ReadAsync("a");
        Request<GetResult> third = await bench.Source.NextGetAsync();
        first.Answer.SetResult(CacheBench.Answer("old", 10));
        third.Answer.SetResult(CacheBench.Answer("new", 11));
        await one;
        Assert.That((await three).Value, Is.EqualTo(Bytes.Of("new")));
    }

    [Test]
    public async Task A_read_that_fails_leaves_nothing_behind()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetResult> read = bench.ReadAsync("a");
        (await bench.Source.NextGetAsync()).Answer.SetException(new StorageException(StorageErrorCode.Timeout, "too late"));
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => read))!.Code, Is.EqualTo(StorageErrorCode.Timeout));
        await bench.FillAsync("a", "1", 10);
        Assert.That(bench.IsHit("a"), Is.True);
    }

    [Test]
    public async Task A_source_that_falls_behind_its_own_watch_fills_nothing()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await bench.Watch.MarkAsync(20);
        await bench.FillAsync("a", "old", 19);
        Assert.That(bench.Cache.Statistics.Entries, Is.Zero);
    }
}
