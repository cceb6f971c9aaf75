using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

public class ManyReadTests
{
    [Test]
    public async Task Many_keys_are_read_from_the_cache_once_it_knows_that_they_are_of_one_revision()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await AnswerAsync(bench, Read(bench), 10, "1", null, "1");
        Assert.That(bench.IsHit("b", out string? value, out _), Is.True, "one alone is good at once");
        Assert.That(value, Is.Null);
        await AnswerAsync(bench, Read(bench), 10, "1", null, "1");
        await ConfirmAsync(bench, 12);
        Task<GetManyResult> hit = Read(bench);
        Assert.That(hit.IsCompletedSuccessfully, Is.False, "the watch is not there yet");
        await AnswerAsync(bench, hit, 10, "1", null, "1");
        await bench.Watch.MarkAsync(12);
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        bench.Clock.Advance(TimeSpan.FromSeconds(1.25));
        (await bench.Source.NextInfoAsync()).Answer.SetResult(bench.Info(12));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        await bench.Watch.MarkAsync(13);
        hit = Read(bench);
        Assert.That(hit.IsCompletedSuccessfully, Is.True);
        GetManyResult result = await hit;
        Assert.That(result.Revision.Value, Is.EqualTo(13));
        Assert.That(result.Values, Is.EqualTo(new byte[]?[] { Bytes.Of("1"), null, Bytes.Of("1") }));
        Assert.That(result.Values[0], Is.Not.SameAs(result.Values[2]));
    }

    [Test]
    public async Task One_key_that_has_changed_sends_all_to_the_source()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await AnswerAsync(bench, Read(bench), 10, "1", null, "1");
        await ConfirmAsync(bench, 10);
        Assert.That(Read(bench).IsCompletedSuccessfully, Is.True);
        await bench.Watch.ChangeAsync(11, "b");
        Task<GetManyResult> miss = Read(bench);
        await AnswerAsync(bench, miss, 11, "1", "2", "1");
        Assert.That(bench.IsHit("b", out string? value, out _), Is.True);
        Assert.That(value, Is.EqualTo("2"));
    }

    [Test]
    public async Task Keys_that_change_on_the_way_are_not_kept()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetManyResult> read = Read(bench);
        Request<GetManyResult> sent = await bench.Source.NextGetManyAsync();
        await bench.Watch.ChangeAsync(11, "b");
        sent.Answer.SetResult(Values(10, "1", null, "1"));
        await read;
        Assert.That(bench.IsHit("a"), Is.True);
        Assert.That(bench.IsHit("b"), Is.False);
    }

    [Test]
    public async Task A_strict_read_of_many_goes_to_the_source()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        await AnswerAsync(bench, Read(bench), 10, "1", null, "1");
        await ConfirmAsync(bench, 10);
        await AnswerAsync(bench, bench.Cache.Strict.GetManyAsync([Bytes.Of("a"), Bytes.Of("b"), Bytes.Of("a")]).AsTask(), 11, "2", null, "2");
        Assert.That(bench.IsHit("a", out string? value, out _), Is.True);
        Assert.That(value, Is.EqualTo("2"));
    }

    [Test]
    public async Task A_read_of_many_that_fails_leaves_nothing_behind()
    {
        await using CacheBench bench = await CacheBench.StartAsync();
        Task<GetManyResult> read = Read(bench);
        (await bench.Source.NextGetManyAsync()).Answer.SetException(new StorageException(StorageErrorCode.Timeout, "too late"));
        await Assert.ThatAsync(async () => await read, Throws.InstanceOf<StorageException>());
        await bench.FillAsync("a", "1", 10);
        Assert.That(bench.IsHit("a"), Is.True);
    }

    private static Task<GetManyResult> Read(CacheBench bench) =>
        bench.Cache.GetManyAsync([Bytes.Of("a"), Bytes.Of("b"), Bytes.Of("a")]).AsTask();

    private static GetManyResult Values(ulong revision, params string?[] values) =>
        new([.. values.Select(value => value is null ? null : Bytes.Of(value))], new Revision(revision));

    private static async Task AnswerAsync(CacheBench bench, Task<GetManyResult> read, ulong revision, params string?[] values)
    {
        (await bench.Source.NextGetManyAsync()).Answer.SetResult(Values(revision, values));
        await read;
    }

    /// <summary>The source says how far it is, asked 1.25 s after the watch had begun.</summary>
    private static async Task ConfirmAsync(CacheBench bench, ulong revision)
    {
        bench.FirstInfo.Answer.SetResult(bench.Info(CacheBench.Start));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
        bench.Clock.Advance(TimeSpan.FromSeconds(1.25));
        (await bench.Source.NextInfoAsync()).Answer.SetResult(bench.Info(revision));
        await bench.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(1.25));
    }
}
