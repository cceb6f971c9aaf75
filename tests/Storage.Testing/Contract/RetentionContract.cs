namespace WsStorage.Testing;

/// <summary>
/// What every engine promises of the history that it keeps for followers, and of compaction, as tests. Inherit it and say how
/// the engine is opened.
/// </summary>
public abstract class RetentionContract
{
    private const int MaxFollowers = 1000;

    private IStorage? _storage;

    /// <summary>The clock of the storage.</summary>
    protected ManualTimeProvider Time { get; private set; } = new();

    /// <summary>A fresh, empty storage for each test.</summary>
    protected IStorage Storage => _storage!;

    /// <summary>Opens a new, empty storage, whose history is not trimmed by a few writes.</summary>
    /// <param name="time">Its clock.</param>
    /// <returns>The storage.</returns>
    protected abstract ValueTask<IStorage> OpenAsync(TimeProvider time);

    /// <summary>Removes history, as the engine names it.</summary>
    /// <param name="through">The revision up to which.</param>
    /// <param name="ignoreFollowers">Whether what is kept for followers goes too.</param>
    /// <returns>Completes when it is gone.</returns>
    protected abstract ValueTask CompactAsync(Revision through, bool ignoreFollowers);

    [SetUp]
    public async Task OpenStorage()
    {
        Time = new ManualTimeProvider();
        _storage = await OpenAsync(Time);
        for (int i = 0; i < 10; i++)
        {
            await Storage.PutStringAsync("k", $"{i}");
        }
    }

    [TearDown]
    public async Task CloseStorage() => await Storage.DisposeAsync();

    [Test]
    public async Task Followers_are_counted_for_their_time()
    {
        await KeepAsync("a", after: 1, hours: 1);
        await KeepAsync("b", after: 2, hours: 2);
        await KeepAsync("b", after: 10, hours: 3);
        Assert.That(await CountAsync(), Is.EqualTo(2));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.That(await CountAsync(), Is.EqualTo(1));
        await KeepAsync("b", after: 10, hours: 0);
        Assert.That(await CountAsync(), Is.Zero);
        await KeepAsync("nobody", after: 0, hours: 0);
        await KeepAsync("short", after: 10, hours: 0.5 / 3_600_000);
        Assert.That(await CountAsync(), Is.EqualTo(1), "however short a time, it has not passed yet");
    }

    [Test]
    public async Task What_makes_no_sense_is_refused()
    {
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, () => KeepAsync("", 1, 1));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, () => KeepAsync(new string('n', 257), 1, 1));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, () => KeepAsync(new string('\u00e9', 129), 1, 1));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, () => KeepAsync("\ud800", 1, 1));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, () => KeepAsync("a", 1, -1));
        StorageException ahead = await AssertRefusedAsync(StorageErrorCode.InvalidArgument, () => KeepAsync("a", 11, 1));
        Assert.That(ahead.Message, Does.Contain("11").And.Contain("10"));
        Assert.That(await CountAsync(), Is.Zero);
        await KeepAsync(new string('n', 256), 10, 1);
        await Storage.KeepHistoryAsync("for ever", new Revision(10), TimeSpan.MaxValue);
        Assert.That(await CountAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task There_is_room_for_so_many_followers()
    {
        for (int i = 0; i < MaxFollowers; i++)
        {
            await KeepAsync($"{i}", 5, i == 0 ? 1 : 2);
        }

        await AssertRefusedAsync(StorageErrorCode.LimitExceeded, () => KeepAsync("more", 5, 1));
        await KeepAsync("7", 6, 2);
        Time.Advance(TimeSpan.FromHours(1.5));
        await KeepAsync("more", 6, 1);
        await AssertRefusedAsync(StorageErrorCode.LimitExceeded, () => KeepAsync("still more", 5, 1));
        Assert.That(await CountAsync(), Is.EqualTo(MaxFollowers));
    }

    [Test]
    public async Task History_is_compacted_through_just_the_revision_asked_for()
    {
        foreach ((ulong through, ulong compacted) in new (ulong, ulong)[] { (3, 3), (2, 3), (4, 4), (10, 10), (10, 10) })
        {
            Position before = (await Storage.GetInfoAsync()).Position;
            await CompactAsync(new Revision(through), ignoreFollowers: false);
            StorageInfo info = await Storage.GetInfoAsync();
            Assert.That(info.CompactedRevision.Value, Is.EqualTo(compacted));
            Assert.That(info.Position, Is.EqualTo(before));
        }

        StorageException beyond = await AssertRefusedAsync(StorageErrorCode.InvalidArgument, async () => await CompactAsync(new Revision(11), ignoreFollowers: true));
        Assert.That(beyond.Message, Does.Contain("11").And.Contain("10"));
        Assert.That(await Storage.GetStringAsync("k"), Is.EqualTo("9"), "the data stays");
    }

    [Test]
    public async Task What_is_gone_cannot_be_kept()
    {
        await CompactAsync(new Revision(5), ignoreFollowers: false);
        StorageException gone = await AssertRefusedAsync(StorageErrorCode.Compacted, () => KeepAsync("a", 4, 1));
        Assert.That(gone.Message, Does.Contain("4").And.Contain("5"));
        await KeepAsync("a", 5, 1);
        await KeepAsync("a", 4, 0);
        Assert.That(await CountAsync(), Is.Zero, "what keeps nothing is never too late");
    }

    [Test]
    public async Task What_a_follower_needs_is_compacted_only_on_demand()
    {
        await KeepAsync("late one", 4, 1);
        await KeepAsync("early one", 8, 1);
        await CompactAsync(new Revision(4), ignoreFollowers: false);
        StorageException held = await AssertRefusedAsync(StorageErrorCode.InvalidArgument, async () => await CompactAsync(new Revision(5), ignoreFollowers: false));
        Assert.That(held.Message, Does.Contain("late one"));
        Assert.That((await Storage.GetInfoAsync()).CompactedRevision.Value, Is.EqualTo(4));

        await CompactAsync(new Revision(6), ignoreFollowers: true);
        Assert.That((await Storage.GetInfoAsync()).CompactedRevision.Value, Is.EqualTo(6));
        Assert.That(await CountAsync(), Is.EqualTo(1), "whose history is gone is a follower no more");
        await AssertRefusedAsync(StorageErrorCode.Compacted, () => KeepAsync("late one", 4, 1));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, async () => await CompactAsync(new Revision(9), ignoreFollowers: false));
        Time.Advance(TimeSpan.FromHours(1));
        await CompactAsync(new Revision(9), ignoreFollowers: false);
    }

    [Test]
    public async Task A_storage_that_is_closed_or_a_call_that_is_cancelled_is_refused()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThatAsync(
            async () => await Storage.KeepHistoryAsync("a", Revision.None, TimeSpan.FromHours(1), source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await CountAsync(), Is.Zero);
        await Storage.DisposeAsync();
        await AssertRefusedAsync(StorageErrorCode.Closed, () => KeepAsync("a", 1, 1));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await CompactAsync(new Revision(1), ignoreFollowers: false));
    }

    private async Task KeepAsync(string follower, ulong after, double hours) =>
        await Storage.KeepHistoryAsync(follower, new Revision(after), TimeSpan.FromTicks((long)(hours * TimeSpan.TicksPerHour)));

    private async Task<int> CountAsync() => (await Storage.GetInfoAsync()).FollowerCount;

    private static async Task<StorageException> AssertRefusedAsync(StorageErrorCode code, Func<Task> action)
    {
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(action))!;
        Assert.That(exception.Code, Is.EqualTo(code), exception.Message);
        return exception;
    }
}
