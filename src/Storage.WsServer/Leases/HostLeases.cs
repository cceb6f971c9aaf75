using System.Security.Cryptography;
using WsStorage.Leases;

namespace WsStorage.WsServer.Leases;

/// <summary>
/// The served storage, for the application that embeds the server, with leases that last as long as the server runs.
/// </summary>
internal sealed class HostLeases(IStorage storage, LeaseKeeper? keeper) : ILeaseStorage
{
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => storage.GetInfoAsync(cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        storage.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        storage.GetManyAsync(keys, cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        storage.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        storage.ScanPagesAsync(options, cancellationToken);

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        storage.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        storage.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public async ValueTask<StorageLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        if (keeper is null)
        {
            throw SessionLeases.NotKept();
        }

        var lease = new HostLease(storage, keeper, timeToLive);
        try
        {
            await lease.BeginAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return lease;
    }

    /// <summary>Does nothing: the storage belongs to the application.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class HostLease(IStorage storage, LeaseKeeper keeper, TimeSpan timeToLive)
        : StorageLease(storage, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), keeper.Bound(timeToLive))
    {
        public Task<TimeSpan> BeginAsync() => keeper.GrantAsync(keeper.HostSession, Id, TimeToLive, OnEnded);

        protected override async ValueTask EndAsync()
        {
            try
            {
                await keeper.EndAsync(keeper.HostSession, Id).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is StorageException or OperationCanceledException)
            {
                // The keeper has said so in the log, and tries again, unless it is stopping.
            }
        }
    }
}
