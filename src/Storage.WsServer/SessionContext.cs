using Microsoft.Extensions.Logging;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>What the parts of one session share, and none of them changes after the hello.</summary>
internal sealed class SessionContext(long number, ClientIdentity client, ServedStorage served)
{
    /// <summary>What this server says it is.</summary>
    public const string ServerName = "WsStorage";

    /// <summary>How long a client may take to answer a close.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    public long Number => number;

    public ClientIdentity Client => client;

    /// <summary>What all sessions share.</summary>
    public ServedStorage Served => served;

    public IStorage Storage => served.Storage;

    public StorageSessionOptions Options => served.Options;

    public TimeProvider TimeProvider => served.TimeProvider;

    public ILogger Logger => served.Logger;

    /// <summary>What the storage takes, as it said when the client said hello.</summary>
    public StorageLimits StorageLimits { get; set; } = StorageLimits.Default;

    /// <summary>The client's session; none when its hello had no client id.</summary>
    public Guid? SessionKey { get; set; }

    /// <summary>The largest message that the client takes, as its hello said.</summary>
    public int PeerMaxMessageBytes { get; set; }

    /// <summary>The longest body of a reply that the client takes.</summary>
    public int MaxReplyBytes => PeerMaxMessageBytes - ProtocolConstants.MessageOverheadBytes;

    /// <summary>What the client is told that it may do.</summary>
    public SessionLimits SessionLimits => new(
        Options.MaxMessageBytes ?? StorageLimits.MaxBatchBytes + ProtocolConstants.MessageOverheadBytes,
        StorageLimits.MaxValueBytes,
        StorageLimits.MaxBatchBytes,
        Options.MaxRequestsInFlight,
        Options.MaxScans,
        Options.MaxWatches);

    /// <summary>What the client is told of its session.</summary>
    public SessionFacts SessionFacts
    {
        get
        {
            if (Storage is not IExactlyOnceStorage once)
            {
                return default;
            }

            if (SessionKey is not { } key)
            {
                return new SessionFacts(AppliesOnce: true, 0, TimeSpan.Zero);
            }

            // The number of seconds has to fit its field.
            TimeSpan longest = TimeSpan.FromSeconds(int.MaxValue);
            TimeSpan retention = once.SessionRetention;
            return new SessionFacts(AppliesOnce: true, once.GetLastNumber(key), retention < longest ? retention : longest);
        }
    }

    /// <summary>Logs a failed request and makes the reply that tells of it.</summary>
    /// <param name="exception">Why it failed.</param>
    /// <param name="outcome">What became of the write, if the exception does not say.</param>
    /// <returns>The reply.</returns>
    public ErrorReply ToReply(Exception exception, WriteOutcome outcome)
    {
        if (exception is StorageException known)
        {
            Log.RequestRefused(Logger, number, known.Message);
            return ErrorReply.From(known);
        }

        Log.RequestFailed(Logger, number, exception);
        return new ErrorReply(StorageErrorCode.Internal, outcome, "The server failed unexpectedly; its log says more.");
    }

    /// <summary>Logs a failed request that is not a write and makes the reply that tells of it.</summary>
    /// <param name="exception">Why it failed.</param>
    /// <returns>The reply.</returns>
    public ErrorReply ToReply(Exception exception) => ToReply(exception, WriteOutcome.NotApplied);
}
