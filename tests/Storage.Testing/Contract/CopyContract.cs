using WsStorage.Core.Copies;

namespace WsStorage.Testing;

/// <summary>
/// What every <see cref="ICopyStore"/> and its copies promise, as tests. Inherit it and say how the store is opened; one whose
/// copies are gone once it is closed says so in <see cref="Forgets"/>.
/// </summary>
public abstract partial class CopyContract
{
    private CancellationTokenSource? _deadline;
    private CopySource? _source;
    private ICopyStore? _store;

    /// <summary>A store without copies for each test.</summary>
    protected ICopyStore Store => _store!;

    /// <summary>What is copied; empty at first.</summary>
    protected CopySource Source => _source!;

    /// <summary>Passed to every operation, so that one that hangs fails its test instead of stopping the run.</summary>
    protected CancellationToken Deadline => _deadline!.Token;

    /// <summary>How many random histories are copied.</summary>
    protected virtual int RandomCases => 100;

    /// <summary>Why copies don't survive that the store is closed and opened again; none when they do.</summary>
    protected virtual string? Forgets => null;

    /// <summary>Opens a new store without copies.</summary>
    /// <returns>The store.</returns>
    protected abstract ValueTask<ICopyStore> OpenAsync();

    /// <summary>Opens again what was closed.</summary>
    /// <param name="closed">What <see cref="OpenAsync"/> gave, disposed of.</param>
    /// <returns>The store.</returns>
    protected abstract ValueTask<ICopyStore> ReopenAsync(ICopyStore closed);

    /// <summary>Removes history of a copy, as the engine names it; what is kept for followers stays.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="through">The revision up to which.</param>
    /// <returns>Completes when it is gone.</returns>
    protected abstract ValueTask CompactAsync(ICopy copy, Revision through);

    [SetUp]
    public async Task OpenStore()
    {
        _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        _source = new CopySource(Deadline);
        _store = await OpenAsync();
    }

    [TearDown]
    public async Task CloseStore()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        _deadline?.Dispose();
    }

    /// <summary>Closes the store and opens it again, where that leaves anything.</summary>
    private async Task ReopenStoreAsync()
    {
        if (Forgets is { } reason)
        {
            Assert.Ignore(reason);
        }

        await Store.DisposeAsync();
        _store = await ReopenAsync(Store);
    }

    /// <summary>A copy of a few rows at revision 5, whole and current, of all keys or of those that begin with "k".</summary>
    private async Task<ICopy> CopyAsync(bool isOfAllKeys = true)
    {
        for (int i = 0; i < 5; i++)
        {
            await Source.PutAsync($"k{i}", $"{i}");
        }

        await Source.LoadAsync(Store, isOfAllKeys ? [] : [KeyRange.Prefix("k")]);
        await Store.PromoteAsync(Deadline);
        return Store.Current!;
    }

    private async Task ApplyAsync(ICopy copy, params CopiedBatch[] batches) => await copy.ApplyAsync(batches, Deadline);

    private Task<WatchProbe> WatchAsync(ICopy copy, WatchOptions? options = null) =>
        WatchProbe.StartAsync(copy, options ?? new WatchOptions(), Deadline);

    private async Task<Position> PositionAsync(ICopy copy) => (await copy.GetInfoAsync(Deadline)).Position;

    /// <summary>The copy has the rows of the source, and is where it is.</summary>
    private async Task AssertEqualAsync(ICopy copy)
    {
        Assert.That(copy.State.IsWhole, Is.True);
        Assert.That(copy.State.Position, Is.EqualTo(await Source.HeadAsync()));
        Assert.That(await PositionAsync(copy), Is.EqualTo(copy.State.Position));
        Assert.That(await Source.RowsAsync(copy), Is.EqualTo(await Source.RowsAsync(Source.Storage, copy.State.Ranges)));
    }

    /// <summary>Something is refused, and changes nothing.</summary>
    private async Task AssertRefusedAsync(StorageErrorCode code, ICopy copy, Func<Task> action)
    {
        CopyState before = copy.State;
        Position position = await PositionAsync(copy);
        IReadOnlyList<string> rows = await Source.RowsAsync(copy);
        await AssertRefusedAsync(code, action);
        Assert.That(copy.State, Is.EqualTo(before));
        Assert.That(await PositionAsync(copy), Is.EqualTo(position));
        Assert.That(await Source.RowsAsync(copy), Is.EqualTo(rows));
    }

    private static async Task AssertRefusedAsync(StorageErrorCode code, Func<Task> action)
    {
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(action))!;
        Assert.That(exception.Code, Is.EqualTo(code), exception.Message);
        Assert.That(exception.Outcome, Is.EqualTo(WriteOutcome.NotApplied));
    }
}
