using Microsoft.Extensions.Logging;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>What the parts of one session share, and none of them changes after the hello.</summary>
internal sealed class SessionContext(
    long number, ClientIdentity client, StorageSessionOptions options, StorageLimits storageLimits, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>What this server says it is.</summary>
    public const string ServerName = "WsStorage";

    /// <summary>How long a client may take to answer a close.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    public long Number => number;

    public ClientIdentity Client => client;

    public StorageSessionOptions Options => options;

    public StorageLimits StorageLimits => storageLimits;

    public TimeProvider TimeProvider => timeProvider;

    public ILogger Logger => logger;

    /// <summary>The largest message that the client takes, as its hello said.</summary>
    public int PeerMaxMessageBytes { get; set; }

    /// <summary>The longest body of a reply that the client takes.</summary>
    public int MaxReplyBytes => PeerMaxMessageBytes - ProtocolConstants.MessageOverheadBytes;

    /// <summary>What the client is told that it may do.</summary>
    public SessionLimits SessionLimits => new(
        options.MaxMessageBytes ?? storageLimits.MaxBatchBytes + ProtocolConstants.MessageOverheadBytes,
        storageLimits.MaxValueBytes,
        storageLimits.MaxBatchBytes,
        options.MaxRequestsInFlight,
        options.MaxScans);

    /// <summary>Logs a failed request and makes the reply that tells of it.</summary>
    /// <param name="exception">Why it failed.</param>
    /// <param name="outcome">What became of the write, if the exception does not say.</param>
    /// <returns>The reply.</returns>
    public ErrorReply ToReply(Exception exception, WriteOutcome outcome)
    {
        if (exception is StorageException known)
        {
            Log.RequestRefused(logger, number, known.Message);
            return ErrorReply.From(known);
        }

        Log.RequestFailed(logger, number, exception);
        return new ErrorReply(StorageErrorCode.Internal, outcome, "The server failed unexpectedly; its log says more.");
    }

    /// <summary>Logs a failed request that is not a write and makes the reply that tells of it.</summary>
    /// <param name="exception">Why it failed.</param>
    /// <returns>The reply.</returns>
    public ErrorReply ToReply(Exception exception) => ToReply(exception, WriteOutcome.NotApplied);
}
