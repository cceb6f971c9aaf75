using System.Runtime.CompilerServices;

namespace WsStorage.Core.Copies;

/// <summary>A copy in memory: an <see cref="InMemoryStorage"/> that goes on from the source's position and takes no writes of
/// its own.</summary>
internal sealed class InMemoryCopy : ICopy, IBatchStorage
{
    private readonly InMemoryStorage _rows;
    private volatile CopyState _state;

    /// <summary>Makes a copy that is to be loaded.</summary>
    public InMemoryCopy(InMemoryStorageOptions options, IReadOnlyList<KeyRange> ranges, Position start)
    {
        _rows = new InMemoryStorage(options, start);
        _state = new CopyState { Ranges = [.. ranges], Position = start, Load = new CopyLoad { Start = start } };
    }

    /// <inheritdoc/>
    public CopyState State => _state;

    private bool IsLoading => _state.Load is { IsComplete: false };

    /// <inheritdoc/>
    public ValueTask LoadAsync(ReadOnlyMemory<byte> packedRows, CopyLoad load, CancellationToken cancellationToken = default) =>
        Change(
            () =>
            {
                CopyRules.CheckLoad(_state, packedRows, load);
                _rows.Load(packedRows);
                _state = _state with { Load = load };
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask ApplyAsync(ReadOnlyMemory<CopiedBatch> batches, CancellationToken cancellationToken = default) =>
        Change(
            () =>
            {
                CopyRules.CheckApply(_state, batches.Span);
                if (!batches.IsEmpty)
                {
                    _rows.TakeOver(batches, isSparse: !_state.IsOfAllKeys, wholeAt: _state.Load?.WholeAt ?? Revision.None);
                    _state = _state with { Position = batches.Span[^1].Position };
                }
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask MendAsync(WriteBatch operations, CancellationToken cancellationToken = default) =>
        Change(
            () =>
            {
                CopyRules.CheckMend(operations);
                _rows.Correct(operations);
            },
            cancellationToken);

    /// <inheritdoc cref="InMemoryStorage.CompactAsync"/>
    public ValueTask CompactAsync(
        Revision through, bool ignoreFollowers = false, CancellationToken cancellationToken = default) =>
        _rows.CompactAsync(through, ignoreFollowers, cancellationToken);

    /// <summary>The copy is the one that is read from here on: how it was loaded is of no use any more.</summary>
    public void FinishLoad() => _state = _state with { Load = null };

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(_rows.ReadInfo() with { Engine = "memory copy", IsReadOnly = true });
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<StorageInfo>(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        _rows.GetAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        _rows.GetManyAsync(keys, cancellationToken);

    /// <inheritdoc/>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver) => _rows.ReadMany(keys, receiver);

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        ValueTask.FromException<WriteResult>(RefuseWrite(cancellationToken));

    /// <inheritdoc/>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
        ValueTask.FromException(RefuseWrite(cancellationToken));

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        _rows.ScanPagesAsync(options, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        IsLoading ? WatchLoadedAsync(options, cancellationToken) : _rows.WatchAsync(options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        _rows.KeepHistoryAsync(follower, after, duration, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private static ValueTask Change(Action change, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            change();
            return ValueTask.CompletedTask;
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException(exception);
        }
    }

    /// <summary>A watch that was asked for while the copy was loaded; it may begin later than that.</summary>
    private async IAsyncEnumerable<WatchEvent> WatchLoadedAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _rows.CheckOpen();
        if (IsLoading)
        {
            throw new StorageException(
                StorageErrorCode.NotReady, "The copy is still being loaded, and its history begins after that. Watch the source, or wait.");
        }

        await foreach (WatchEvent told in _rows.WatchAsync(options, cancellationToken).ConfigureAwait(false))
        {
            yield return told;
        }
    }

    private Exception RefuseWrite(CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _rows.CheckOpen();
            return new StorageException(
                StorageErrorCode.ReadOnly, "This is a replica's copy; write to its source, or through the replica.");
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return exception;
        }
    }
}
