namespace WsStorage.Leases;

/// <summary>
/// A named lock that is held: at most one holder has it at a time, by the store's own order of writes. Thread-safe.
/// </summary>
/// <remarks>
/// <para>What it can't promise: that its holder knows in time that it has lost it. A program that was paused, or cut off, may go
/// on for a while after its lease has ended and somebody else has the lock. So whatever the lock protects has to be asked. In
/// the store itself: let the batches of the holder demand the lock (<see cref="Require"/>). Elsewhere: send the
/// <see cref="Token"/> along, and refuse one that is less than the greatest seen.</para>
/// <para>It is not re-entrant, and not fair: of those who wait any may be next.</para>
/// </remarks>
public sealed class StorageLock : IAsyncDisposable
{
    private readonly Claim _claim;

    internal StorageLock(string name, Claim claim)
    {
        Name = name;
        _claim = claim;
    }

    /// <summary>The lock's name.</summary>
    public string Name { get; }

    /// <summary>
    /// The fencing token: the revision of the write that took the lock. Each holder's is greater than those of all before it.
    /// </summary>
    public Revision Token => _claim.Revision;

    /// <summary>The lease that holds the lock.</summary>
    public StorageLease Lease => _claim.Lease;

    /// <summary>Is cancelled when the lock is lost, or may be, or is released: <see cref="StorageLease.Ended"/>.</summary>
    public CancellationToken Lost => _claim.Lease.Ended;

    /// <summary>
    /// Demands in a batch that the lock is still held by this holder: then the batch is applied only while it is, atomically.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <returns>The batch.</returns>
    public WriteBatch Require(WriteBatch batch) => _claim.Require(batch);

    /// <summary>Releases the lock; one that is lost already does no harm to its new holder.</summary>
    /// <returns>Completes when others can have it. With a lease of its own, as <see cref="StorageLease.DisposeAsync"/>.</returns>
    /// <exception cref="StorageException">Of a lock on a given lease: it could not be released, and is when the lease
    /// ends.</exception>
    public ValueTask DisposeAsync() => _claim.ReleaseAsync();
}
