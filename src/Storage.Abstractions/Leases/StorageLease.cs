namespace WsStorage.Leases;

/// <summary>
/// A lease that was granted. Keys that are bound to it are removed when it ends, together and as an ordinary batch that
/// watchers see; one that was overwritten or removed meanwhile is left as it is. Thread-safe.
/// </summary>
/// <remarks>
/// A lease ends when it is disposed of, and when its owner has been away for longer than its time to live. A write under a
/// lease (<see cref="Bind"/>) is applied only if the lease has not ended, atomically.
/// </remarks>
public abstract class StorageLease : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly byte[] _recordKey;

    /// <summary>Makes what stands for a lease.</summary>
    /// <param name="storage">The store that it lies in.</param>
    /// <param name="id">Its id.</param>
    /// <param name="timeToLive">How long it lasts while its owner is away, as granted.</param>
    protected StorageLease(IStorage storage, ulong id, TimeSpan timeToLive)
    {
        Storage = storage;
        Id = id;
        TimeToLive = timeToLive;
        Ended = _ended.Token;
        _recordKey = LeaseKeys.Record(id);
    }

    /// <summary>The store that the lease lies in.</summary>
    public IStorage Storage { get; }

    /// <summary>The lease's id in its store.</summary>
    public ulong Id { get; }

    /// <summary>How long the lease lasts while its owner is away, as granted.</summary>
    public TimeSpan TimeToLive { get; }

    /// <summary>
    /// Is cancelled when the lease has ended, or may have ended because the server was out of reach for too long. It can't be
    /// prompt: what must not happen after the end has to be a write under the lease.
    /// </summary>
    public CancellationToken Ended { get; }

    /// <summary>Binds a key to the lease in a batch: sets it, and demands that the lease has not ended.</summary>
    /// <param name="batch">The batch, which may do other things too. Write it by <see cref="WriteAsync"/> to be told in one way
    /// when the lease has ended.</param>
    /// <param name="key">The key, at most <see cref="LeaseKeys.MaxBoundKeyBytes"/> long; copied.</param>
    /// <param name="value">The value; copied. The key is removed at the end only if this is still its value, so let no two
    /// leases bind a key to the same value.</param>
    /// <returns>The batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>;
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch Bind(WriteBatch batch, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] binding = LeaseKeys.Binding(Id, key);
        return Require(batch).Put(key, value).Put(binding, LeaseKeys.HashOf(value));
    }

    /// <summary>Lets a bound key go in a batch: it keeps its value when the lease ends.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="key">The key; copied.</param>
    /// <returns>The batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public WriteBatch Unbind(WriteBatch batch, ReadOnlySpan<byte> key) => batch.Remove(LeaseKeys.Binding(Id, key));

    /// <summary>Demands in a batch that the lease has not ended.</summary>
    /// <param name="batch">The batch.</param>
    /// <returns>The batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>.</exception>
    public WriteBatch Require(WriteBatch batch)
    {
        ThrowIfEnded();
        return batch.RequirePresent(_recordKey);
    }

    /// <summary>Sets a key to a value, bound to the lease.</summary>
    /// <param name="key">The key, at most <see cref="LeaseKeys.MaxBoundKeyBytes"/> long.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>: nothing was changed.</exception>
    public async ValueTask<Revision> PutAsync(
        ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        (await WriteAsync(Bind(new WriteBatch(), key.Span, value.Span), cancellationToken).ConfigureAwait(false)).Revision;

    /// <summary>
    /// Writes a batch that binds to the lease or demands it. As <see cref="IStorage.WriteAsync"/>, but that the lease has ended
    /// is an error.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Whether the batch was applied, and at which revision.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>: nothing was changed.</exception>
    public async ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        WriteResult result = await Storage.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
        if (result.FailedPrecondition >= 0 && IsForRecord(batch, result.FailedPrecondition))
        {
            OnEnded();
            ThrowIfEnded();
        }

        return result;
    }

    /// <summary>Ends the lease. No harm is done when it has ended already, or when this is called more than once.</summary>
    /// <returns>Completes when what was bound is removed. When the server can't be reached, at once: then the lease is ended as
    /// soon as it can be, and in any case once its owner has been away for longer than its time to live.</returns>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        OnEnded();
        return EndAsync();
    }

    /// <summary>Ends the lease in the store. Called perhaps more than once. Does not throw when that has to wait.</summary>
    /// <returns>Completes when it has ended, or that is left to others.</returns>
    protected abstract ValueTask EndAsync();

    /// <summary>Tells that the lease has ended. Returns before those who are told have run.</summary>
    protected virtual void OnEnded() => _ = _ended.CancelAsync();

    internal void ThrowIfEnded()
    {
        if (Ended.IsCancellationRequested)
        {
            throw new StorageException(
                StorageErrorCode.LeaseEnded,
                $"Lease {Id:x16} has ended, and what was bound to it is removed. Nothing was written; ask for a new lease.");
        }
    }

    private bool IsForRecord(WriteBatch batch, int place)
    {
        foreach (BatchPrecondition precondition in batch.Preconditions)
        {
            if (place-- == 0)
            {
                return precondition.Kind == PreconditionKind.Present && precondition.Key.SequenceEqual(_recordKey);
            }
        }

        return false;
    }
}
