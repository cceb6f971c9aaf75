using Microsoft.Extensions.Logging;

namespace WsStorage.WsClient;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Connected to {Url}: {Server}, revision {Revision}")]
    public static partial void Connected(ILogger logger, Uri url, string server, Revision revision);

    [LoggerMessage(2, LogLevel.Warning, "No connection to {Url}: {Reason}")]
    public static partial void NotConnected(ILogger logger, Uri url, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Lost the connection to {Url}: {Reason}")]
    public static partial void Lost(ILogger logger, Uri url, string reason);

    [LoggerMessage(4, LogLevel.Error, "A handler of {Event} threw")]
    public static partial void HandlerFailed(ILogger logger, string @event, Exception exception);
}
