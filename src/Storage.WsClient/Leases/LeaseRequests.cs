using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Leases;

/// <summary>
/// Asks the server for leases and for their end. Either may be asked twice, so both are sent again when their connection is
/// lost. Thread-safe.
/// </summary>
internal sealed class LeaseRequests(RequestQueue queue, TimeProvider timeProvider)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // By so much a server may learn later than its client that the connection is lost, and more.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>Asks for a lease.</summary>
    /// <returns>The time to live that is granted.</returns>
    public ValueTask<TimeSpan> GrantAsync(ulong lease, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var request = new PendingLeaseGrant(lease);
        request.Encode(new LeaseGrantRequest(lease, timeToLive));
        return request.Start(queue, cancellationToken);
    }

    /// <summary>Ends a lease.</summary>
    /// <returns>Whether nothing is left to do: it has ended, or the server will never say so.</returns>
    public async ValueTask<bool> TryEndAsync(ulong lease)
    {
        try
        {
            var request = new PendingLeaseEnd();
            request.Encode(new LeaseEndRequest(lease));
            await request.Start(queue, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (StorageException exception)
        {
            return !IsPassing(exception);
        }
    }

    /// <summary>
    /// Tries to end a lease until it has ended, or must have by itself because the server has not heard of the client for so long.
    /// </summary>
    public async Task EndInTheEndAsync(ulong lease, TimeSpan timeToLive)
    {
        long start = timeProvider.GetTimestamp();
        while (!await TryEndAsync(lease).ConfigureAwait(false) && timeProvider.GetElapsedTime(start) < timeToLive + Margin)
        {
            await Task.Delay(RetryDelay, timeProvider).ConfigureAwait(false);
        }
    }

    /// <summary>Whether to ask again may help, and what was asked for may have happened.</summary>
    public static bool IsPassing(Exception exception) => exception is OperationCanceledException or StorageException
    {
        Code: StorageErrorCode.Timeout or StorageErrorCode.ConnectionLost or StorageErrorCode.ConnectFailed
            or StorageErrorCode.LimitExceeded or StorageErrorCode.ShuttingDown or StorageErrorCode.IOError or StorageErrorCode.DiskFull,
    };
}
