namespace WsStorage.Leases;

/// <summary>
/// A storage that grants leases: what is bound to one is removed when its owner is gone for too long. Locks and numbers of
/// their own for programs that share a store are made of leases (<see cref="LeaseExtensions"/>).
/// </summary>
public interface ILeaseStorage : IStorage
{
    /// <summary>
    /// Grants a lease. It lasts until it is disposed of, or until its owner has been away for longer than its time to live;
    /// while the owner is connected it does not age.
    /// </summary>
    /// <param name="timeToLive">How long it lasts while its owner is away. One that is shorter or longer than the server
    /// grants is raised or cut: see <see cref="StorageLease.TimeToLive"/>.</param>
    /// <param name="cancellationToken">Ends the wait; a lease that was granted nevertheless is ended.</param>
    /// <returns>The lease; dispose of it to end it.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Unsupported"/>: the server keeps no leases.
    /// <see cref="StorageErrorCode.LimitExceeded"/>: there are as many as may be.</exception>
    ValueTask<StorageLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default);
}
