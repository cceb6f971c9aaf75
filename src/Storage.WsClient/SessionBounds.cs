using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>What the server has said that it takes.</summary>
/// <param name="Limits">Its limits on the store's side.</param>
/// <param name="MaxMessageBytes">The largest WebSocket message.</param>
/// <param name="MaxRequestsInFlight">How many requests may be unanswered.</param>
internal sealed record SessionBounds(StorageLimits? Limits, int MaxMessageBytes, int MaxRequestsInFlight)
{
    /// <summary>Before the server has said anything.</summary>
    public static SessionBounds Unknown { get; } = new(null, int.MaxValue, int.MaxValue);

    public static SessionBounds From(SessionLimits limits) => new(
        new StorageLimits(limits.MaxValueBytes, limits.MaxBatchBytes), limits.MaxMessageBytes, limits.MaxRequestsInFlight);

    /// <summary>Refuses a request that the server would not take.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Why it is refused, or none.</returns>
    public StorageException? Check(PendingRequest request)
    {
        int most = MaxMessageBytes - ProtocolConstants.MaxTrailerBytes - NumberedWriteRequest.MaxHeaderBytes;
        return request.Length <= most
            ? null
            : new StorageException(
                StorageErrorCode.BatchTooLarge,
                $"The request is {request.Length} bytes long; the server takes at most {most}. Send it in parts.",
                request.Outcome);
    }
}
