using Microsoft.Extensions.Logging;

namespace WsStorage.Outbox;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Outbox {Id} is open: {Depth} records wait for their delivery")]
    public static partial void Opened(ILogger logger, Guid id, int depth);

    [LoggerMessage(2, LogLevel.Warning, "Delivery failed; the next attempt follows in {Delay}: {Reason}")]
    public static partial void Retrying(ILogger logger, TimeSpan delay, string reason);

    [LoggerMessage(3, LogLevel.Error, "Delivery has stopped: {Reason}")]
    public static partial void Stopped(ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Warning, "The target did not take record {Sequence}, and a decision was made: {Reason}")]
    public static partial void Decided(ILogger logger, ulong sequence, string reason);

    [LoggerMessage(5, LogLevel.Warning, "How far the outbox is delivered could not be noted in its local store: {Reason}")]
    public static partial void NotNoted(ILogger logger, string reason);
}
