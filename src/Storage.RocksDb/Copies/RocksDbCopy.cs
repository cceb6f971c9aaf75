using System.Runtime.CompilerServices;
using WsStorage.Core.Copies;

namespace WsStorage.RocksDb.Copies;

/// <summary>A copy of another store, in a directory of its own: see <see cref="RocksDbCopyStore"/>.</summary>
/// <remarks>
/// Thread-safe for reads and watches; what writes is to be called by one after the other. A wait for a write is not ended by its
/// token once the write was begun: the memory that it is given is read until it is done.
/// </remarks>
public sealed partial class RocksDbCopy : ICopy, IBatchStorage
{
    private readonly Func<RocksDbStorage> _open;
    private volatile RocksDbStorage _storage;

    /// <summary>Opens a copy.</summary>
    /// <param name="storage">The store that it is.</param>
    /// <param name="number">Its place in the store of copies.</param>
    /// <param name="open">Opens that store again.</param>
    internal RocksDbCopy(RocksDbStorage storage, ulong number, Func<RocksDbStorage> open)
    {
        _storage = storage;
        _open = open;
        Number = number;
    }

    /// <inheritdoc/>
    public CopyState State => Storage.Copy.State;

    /// <inheritdoc/>
    public bool HasFailed => Storage.HasFailed;

    /// <summary>The store that the copy is.</summary>
    internal RocksDbStorage Storage => _storage;

    /// <summary>Its place in the store of copies.</summary>
    internal ulong Number { get; }

    /// <inheritdoc/>
    public async ValueTask ReopenAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!HasFailed)
        {
            return;
        }

        // As long as it would fail again, it had better be read.
        Storage.CheckRoomToReopen();
        await Storage.DisposeAsync().ConfigureAwait(false);
        _storage = await Task.Run(_open, CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask LoadAsync(ReadOnlyMemory<byte> packedRows, CopyLoad load, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(load);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : Try(() => Storage.LoadAsync(packedRows, load));
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(ReadOnlyMemory<CopiedBatch> batches, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : Try(() => Storage.ApplyAsync(batches));

    /// <inheritdoc/>
    public ValueTask MendAsync(WriteBatch operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operations);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : Try(() => Storage.MendAsync(operations));
    }

    /// <inheritdoc cref="RocksDbStorage.CompactAsync"/>
    public ValueTask CompactAsync(
        Revision through, bool ignoreFollowers = false, CancellationToken cancellationToken = default) =>
        Storage.CompactAsync(through, ignoreFollowers, cancellationToken);

    /// <inheritdoc cref="RocksDbStorage.CreateCheckpointAsync(string, CancellationToken)"/>
    public ValueTask CreateCheckpointAsync(string directory, CancellationToken cancellationToken = default) =>
        Storage.CreateCheckpointAsync(directory, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) =>
        Storage.GetInfoAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Storage.GetAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        Storage.GetManyAsync(keys, cancellationToken);

    /// <inheritdoc/>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver) => Storage.ReadMany(keys, receiver);

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        Storage.WriteAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
        Storage.WriteManyAsync(batches, results, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        Storage.ScanPagesAsync(options, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        Storage.Copy.IsLoading ? WatchLoadedAsync(options, cancellationToken) : Storage.WatchAsync(options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        Storage.KeepHistoryAsync(follower, after, duration, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Storage.DisposeAsync();

    /// <summary>A watch that was asked for while the copy was loaded; it may begin later than that.</summary>
    private async IAsyncEnumerable<WatchEvent> WatchLoadedAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A copy that was closed says so.
        await Storage.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        if (Storage.Copy.IsLoading)
        {
            throw new StorageException(
                StorageErrorCode.NotReady, "The copy is still being loaded, and its history begins after that. Watch the source, or wait.");
        }

        await foreach (WatchEvent told in Storage.WatchAsync(options, cancellationToken).ConfigureAwait(false))
        {
            yield return told;
        }
    }

    private static ValueTask Try(Func<ValueTask> write)
    {
        try
        {
            return write();
        }
        catch (StorageException e)
        {
            return ValueTask.FromException(e);
        }
    }
}
