using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class BoundTests : ReplicaTest
{
    private ManualTimeProvider _time = null!;
    private TaskCompletionSource _hold = null!;

    [SetUp]
    public void Stop()
    {
        _time = new ManualTimeProvider();
        _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Options = Options with { TimeProvider = _time, LagInterval = TimeSpan.FromHours(1) };
    }

    [TearDown]
    public void Go() => _hold.TrySetResult();

    [Test]
    public async Task A_read_waits_for_a_revision_or_is_refused_as_it_asks()
    {
        ReplicaStorage replica = await OpenBehindAsync();
        IStorage refusing = replica.WithBound(ReadBound.AtLeast(new Revision(2)) with { IfNot = BoundMiss.Throw });
        StorageException refused = await AssertFailsAsync(StorageErrorCode.TooStale, async () => await refusing.GetAsync(B("a"), Deadline));
        Assert.That(refused.Message, Does.Contain("at revision 1").And.Contain("at revision 2"));
        IStorage waiting = replica.WithBound(ReadBound.AtLeast(new Revision(2)));
        Task<string?> read = waiting.GetStringAsync("a", Deadline).AsTask();
        Assert.That(read.IsCompleted, Is.False);
        _hold.SetResult();
        Assert.That(await read, Is.EqualTo("new"));
        Assert.That(await refusing.GetStringAsync("a", Deadline), Is.EqualTo("new"));
    }

    [Test]
    public async Task A_read_that_waits_for_a_revision_ends_in_its_time()
    {
        ReplicaStorage replica = await OpenBehindAsync();
        IStorage waiting = replica.WithBound(ReadBound.AtLeast(new Revision(2)) with { Timeout = TimeSpan.FromSeconds(7) });
        Task read = RowsAsync(waiting);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(7));
        _time.Advance(TimeSpan.FromSeconds(7));
        StorageException late = await AssertFailsAsync(StorageErrorCode.TooStale, () => read);
        Assert.That(late.Message, Does.Contain("after 00:00:07"));
    }

    [Test]
    public async Task A_read_of_the_latest_asks_the_source()
    {
        ReplicaStorage replica = await OpenBehindAsync();
        Assert.That(await replica.GetStringAsync("a", Deadline), Is.EqualTo("old"));
        await AssertFailsAsync(
            StorageErrorCode.TooStale,
            async () => await replica.WithBound(ReadBound.Latest with { IfNot = BoundMiss.Throw }).GetAsync(B("a"), Deadline));
        Task<string?> read = replica.WithBound(ReadBound.Latest).GetStringAsync("a", Deadline).AsTask();
        Assert.That(read.IsCompleted, Is.False);
        _hold.SetResult();
        Assert.That(await read, Is.EqualTo("new"));
    }

    [Test]
    public async Task A_read_is_no_older_than_it_asks()
    {
        ReplicaStorage replica = await OpenBehindAsync();
        IStorage bounded = replica.WithBound(ReadBound.NoOlderThan(TimeSpan.FromSeconds(10)) with { IfNot = BoundMiss.Throw });
        Assert.That(await bounded.GetStringAsync("a", Deadline), Is.EqualTo("old"), "it was as the source is, no time ago");
        _time.Advance(TimeSpan.FromSeconds(11));
        StorageException refused = await AssertFailsAsync(StorageErrorCode.TooStale, async () => await bounded.GetAsync(B("a"), Deadline));
        Assert.That(refused.Message, Does.Contain("00:00:11").And.Contain("00:00:10"));
        Task<string?> read = replica.WithBound(ReadBound.NoOlderThan(TimeSpan.FromSeconds(10))).GetStringAsync("a", Deadline).AsTask();
        Assert.That(read.IsCompleted, Is.False);
        _hold.SetResult();
        Assert.That(await read, Is.EqualTo("new"));
        Assert.That(replica.Status.Staleness, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public async Task A_source_that_does_not_answer_is_said_to_be_the_cause()
    {
        ReplicaStorage replica = await OpenBehindAsync();
        Source.Before = static step => step == SourceStep.Info ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        StorageException refused = await AssertFailsAsync(
            StorageErrorCode.TooStale,
            async () => await replica.WithBound(ReadBound.Latest with { IfNot = BoundMiss.Throw }).GetAsync(B("a"), Deadline));
        Assert.That((refused.InnerException as StorageException)?.Code, Is.EqualTo(StorageErrorCode.ConnectionLost));
    }

    [Test]
    public void Bounds_that_make_no_sense_are_refused()
    {
        Assert.That(() => ReadBound.NoOlderThan(TimeSpan.FromSeconds(-1)), Throws.InstanceOf<StorageException>());
        Assert.That(() => (ReadBound.Latest with { Timeout = TimeSpan.Zero }).Validate(), Throws.InstanceOf<StorageException>());
    }

    [Test]
    public async Task Staleness_grows_while_the_source_does_not_answer_and_shrinks_when_it_does()
    {
        _hold.SetResult();
        Options = Options with { LagInterval = TimeSpan.FromSeconds(1) };
        ReplicaStorage replica = await OpenLiveAsync();
        Source.Before = static step => step == SourceStep.Info ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        for (int i = 1; i <= 5; i++)
        {
            await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
            _time.Advance(TimeSpan.FromSeconds(1));
            await WaitForStatusAsync(replica, static status => status.Problem is { Code: StorageErrorCode.ConnectionLost });
        }

        Assert.That(replica.Status.Staleness, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(5)));
        Assert.That((await replica.GetInfoAsync(Deadline)).Staleness, Is.EqualTo(replica.Status.Staleness));
        Source.Before = static _ => ValueTask.CompletedTask;
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        await WaitForStatusAsync(replica, static status => status.Problem is null);
        Assert.That(replica.Status.Staleness, Is.EqualTo(TimeSpan.Zero));
    }

    /// <summary>A replica that is live at revision 1, whose source is at 2 and tells it only when it is let.</summary>
    private async Task<ReplicaStorage> OpenBehindAsync()
    {
        await Store.PutStringAsync("a", "old", Deadline);
        ReplicaStorage replica = await OpenLiveAsync();
        Source.Before = async step => await (step == SourceStep.Event ? _hold.Task : Task.CompletedTask);
        await Store.PutStringAsync("a", "new", Deadline);
        return replica;
    }
}
