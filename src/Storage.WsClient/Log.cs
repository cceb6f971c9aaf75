using Microsoft.Extensions.Logging;

namespace WsStorage.WsClient;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Connected to {Url}: {Server}, revision {Revision}")]
    public static partial void Connected(ILogger logger, Uri url, string server, Revision revision);

    [LoggerMessage(2, LogLevel.Warning, "No connection, attempt {Attempt}; the next follows in {Delay}: {Reason}")]
    public static partial void NotConnected(ILogger logger, int attempt, TimeSpan delay, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Lost the connection to {Url}; an attempt follows in {Delay}: {Reason}")]
    public static partial void Lost(ILogger logger, Uri url, TimeSpan delay, string reason);

    [LoggerMessage(4, LogLevel.Error, "A handler of {Event} threw")]
    public static partial void HandlerFailed(ILogger logger, string @event, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "No connection, and no more attempts after {Attempts}: {Reason}")]
    public static partial void GaveUp(ILogger logger, int attempts, string reason);

    [LoggerMessage(6, LogLevel.Information, "{Url} can't be reached, {Next} is tried: {Reason}")]
    public static partial void FallingBack(ILogger logger, Uri url, Uri next, string reason);
}
