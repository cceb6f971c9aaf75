using Microsoft.Extensions.Logging;

namespace WsStorage.Cache;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Cache {Cache}: watching from {Position} on")]
    public static partial void Following(ILogger logger, string cache, Position position);

    [LoggerMessage(2, LogLevel.Warning, "Cache {Cache}: no watch; it goes on in {Delay}: {Reason}")]
    public static partial void Interrupted(ILogger logger, string cache, TimeSpan delay, string reason);

    [LoggerMessage(3, LogLevel.Error, "Cache {Cache}: the watch failed unexpectedly")]
    public static partial void WatchFailed(ILogger logger, string cache, Exception exception);

    [LoggerMessage(4, LogLevel.Debug, "Cache {Cache}: the source did not say how far it is: {Reason}")]
    public static partial void NotConfirmed(ILogger logger, string cache, string reason);
}
