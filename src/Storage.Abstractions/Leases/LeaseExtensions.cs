namespace WsStorage.Leases;

/// <summary>Locks and numbers, which are keys bound to leases.</summary>
public static class LeaseExtensions
{
    /// <summary>Takes a lock on a lease of its own, and waits as long as another has it.</summary>
    /// <param name="storage">The store.</param>
    /// <param name="name">The lock's name, 1 to 1,024 bytes in UTF-8.</param>
    /// <param name="timeToLive">How long the lock is kept while its holder is away.</param>
    /// <param name="cancellationToken">Ends the wait, and leaves nothing behind.</param>
    /// <returns>The lock; dispose of it to release it.</returns>
    /// <exception cref="StorageException">The lock is not taken.</exception>
    public static ValueTask<StorageLock> LockAsync(
        this ILeaseStorage storage, string name, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        byte[] key = LockKeys.Lock(name);
        return WithLeaseAsync(
            storage,
            timeToLive,
            async lease => new StorageLock(name, await LockWait.TakeAsync(lease, ownsLease: true, key, cancellationToken).ConfigureAwait(false)),
            cancellationToken)!;
    }

    /// <summary>Takes a lock on a lease of its own, if nobody has it.</summary>
    /// <param name="storage">The store.</param>
    /// <param name="name">The lock's name, 1 to 1,024 bytes in UTF-8.</param>
    /// <param name="timeToLive">How long the lock is kept while its holder is away.</param>
    /// <param name="cancellationToken">Ends the attempt, and leaves nothing behind.</param>
    /// <returns>The lock, or <see langword="null"/> when another has it.</returns>
    /// <exception cref="StorageException">The lock is not taken.</exception>
    public static async ValueTask<StorageLock?> TryLockAsync(
        this ILeaseStorage storage, string name, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        // A look is cheaper than a lease.
        byte[] key = LockKeys.Lock(name);
        if ((await storage.GetAsync(key, cancellationToken).ConfigureAwait(false)).Found)
        {
            return null;
        }

        return await WithLeaseAsync(
            storage,
            timeToLive,
            async lease => ToLock(name, await Claim.TryTakeAsync(lease, ownsLease: true, key, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a lock on a lease that is there, and waits as long as another has it.</summary>
    /// <param name="lease">The lease; not owned. The lock is lost when it ends.</param>
    /// <param name="name">The lock's name, 1 to 1,024 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Ends the wait, and leaves nothing behind.</param>
    /// <returns>The lock; dispose of it to release it.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>, or another: the lock is not taken, or, when
    /// the outcome is unknown, goes with the lease.</exception>
    public static async ValueTask<StorageLock> LockAsync(
        this StorageLease lease, string name, CancellationToken cancellationToken = default) =>
        new(name, await LockWait.TakeAsync(lease, ownsLease: false, LockKeys.Lock(name), cancellationToken).ConfigureAwait(false));

    /// <summary>Takes a lock on a lease that is there, if nobody has it.</summary>
    /// <param name="lease">The lease; not owned. The lock is lost when it ends.</param>
    /// <param name="name">The lock's name, 1 to 1,024 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Ends the attempt, and leaves nothing behind.</param>
    /// <returns>The lock, or <see langword="null"/> when somebody has it, on this lease or another.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>, or another: the lock is not taken, or, when
    /// the outcome is unknown, goes with the lease.</exception>
    public static async ValueTask<StorageLock?> TryLockAsync(
        this StorageLease lease, string name, CancellationToken cancellationToken = default) =>
        ToLock(name, await Claim.TryTakeAsync(lease, ownsLease: false, LockKeys.Lock(name), cancellationToken).ConfigureAwait(false));

    /// <summary>Takes the smallest number that nobody has under a prefix, on a lease of its own.</summary>
    /// <param name="storage">The store.</param>
    /// <param name="prefix">The prefix, 0 to 1,024 bytes in UTF-8, without a zero character.</param>
    /// <param name="timeToLive">How long the number is kept while its holder is away.</param>
    /// <param name="cancellationToken">Ends the attempt, and leaves nothing behind.</param>
    /// <returns>The number; dispose of it to release it.</returns>
    /// <exception cref="StorageException">No number is taken.</exception>
    public static ValueTask<PrefixLease> AcquirePrefixAsync(
        this ILeaseStorage storage, string prefix, TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        WithLeaseAsync(
            storage,
            timeToLive,
            async lease => await NumberSearch.TakeAsync(lease, ownsLease: true, prefix, cancellationToken).ConfigureAwait(false),
            cancellationToken)!;

    /// <summary>Takes the smallest number that nobody has under a prefix, on a lease that is there.</summary>
    /// <param name="lease">The lease; not owned. The number is lost when it ends.</param>
    /// <param name="prefix">The prefix, 0 to 1,024 bytes in UTF-8, without a zero character.</param>
    /// <param name="cancellationToken">Ends the attempt, and leaves nothing behind.</param>
    /// <returns>The number; dispose of it to release it.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LeaseEnded"/>, or another: no number is taken, or, when the
    /// outcome is unknown, it goes with the lease.</exception>
    public static ValueTask<PrefixLease> AcquirePrefixAsync(
        this StorageLease lease, string prefix, CancellationToken cancellationToken = default) =>
        NumberSearch.TakeAsync(lease, ownsLease: false, prefix, cancellationToken);

    private static StorageLock? ToLock(string name, Claim? claim) => claim is null ? null : new StorageLock(name, claim);

    /// <summary>Grants a lease for what is taken with it, and ends it when nothing is.</summary>
    private static async ValueTask<T?> WithLeaseAsync<T>(
        ILeaseStorage storage, TimeSpan timeToLive, Func<StorageLease, Task<T?>> take, CancellationToken cancellationToken)
        where T : class
    {
        StorageLease lease = await storage.GrantLeaseAsync(timeToLive, cancellationToken).ConfigureAwait(false);
        T? taken = null;
        try
        {
            taken = await take(lease).ConfigureAwait(false);
        }
        finally
        {
            if (taken is null)
            {
                await lease.DisposeAsync().ConfigureAwait(false);
            }
        }

        return taken;
    }
}
