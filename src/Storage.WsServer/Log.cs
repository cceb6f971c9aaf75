using Microsoft.Extensions.Logging;

namespace WsStorage.WsServer;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Serving {Engine} at {Address}")]
    public static partial void Serving(ILogger logger, string engine, string address);

    [LoggerMessage(2, LogLevel.Information, "Stopping; {Sessions} sessions are given {Timeout} to finish")]
    public static partial void Stopping(ILogger logger, int sessions, TimeSpan timeout);

    [LoggerMessage(3, LogLevel.Warning, "Refused a connection from {Remote}: {Reason}")]
    public static partial void Refused(ILogger logger, string remote, string reason);

    [LoggerMessage(10, LogLevel.Information, "Session {Session}: {Client} ({Program}) connected")]
    public static partial void Connected(ILogger logger, long session, string client, string program);

    [LoggerMessage(11, LogLevel.Information, "Session {Session}: ended: {Reason}")]
    public static partial void Ended(ILogger logger, long session, string reason);

    [LoggerMessage(12, LogLevel.Warning, "Session {Session}: {Client} broke the protocol: {Reason}")]
    public static partial void BrokeProtocol(ILogger logger, long session, string client, string reason);

    [LoggerMessage(13, LogLevel.Error, "Session {Session}: a request failed unexpectedly")]
    public static partial void RequestFailed(ILogger logger, long session, Exception exception);

    [LoggerMessage(14, LogLevel.Error, "Session {Session}: the session failed unexpectedly")]
    public static partial void SessionFailed(ILogger logger, long session, Exception exception);

    [LoggerMessage(15, LogLevel.Debug, "Session {Session}: a request was answered with an error: {Reason}")]
    public static partial void RequestRefused(ILogger logger, long session, string reason);

    [LoggerMessage(40, LogLevel.Information, "The store holds {Leases} leases, and what is left of {Remains} that had begun to end")]
    public static partial void LeasesLoaded(ILogger logger, int leases, int remains);

    [LoggerMessage(41, LogLevel.Error, "The store's leases could not be read; trying again in {Delay}")]
    public static partial void LeasesNotLoaded(ILogger logger, TimeSpan delay, Exception exception);

    [LoggerMessage(42, LogLevel.Warning, "The record of lease {Lease} is of a version that this server does not know; the lease is left alone")]
    public static partial void LeaseUnreadable(ILogger logger, string lease);

    [LoggerMessage(43, LogLevel.Debug, "Lease {Lease} has ended")]
    public static partial void LeaseEnded(ILogger logger, string lease);

    [LoggerMessage(44, LogLevel.Warning, "Lease {Lease} could not be ended; trying again in {Delay}")]
    public static partial void LeaseNotEnded(ILogger logger, string lease, TimeSpan delay, Exception exception);
}
