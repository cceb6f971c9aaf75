using Microsoft.Extensions.Logging;

namespace WsStorage.RocksDb;

/// <summary>What the engine logs. Event ids never change their meaning.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Opened {Directory} with {Engine} at {Position}")]
    public static partial void Opened(ILogger logger, string directory, string engine, Position position);

    [LoggerMessage(2, LogLevel.Information, "Created a store in {Directory}, epoch {Epoch}")]
    public static partial void Created(ILogger logger, string directory, Guid epoch);

    [LoggerMessage(3, LogLevel.Information, "Closed {Directory}")]
    public static partial void Closed(ILogger logger, string directory);

    [LoggerMessage(4, LogLevel.Error, "A write failed after revision {Revision}; the store takes no more until it is opened again")]
    public static partial void WriteFailed(ILogger logger, Exception exception, ulong revision);

    [LoggerMessage(5, LogLevel.Debug, "Trimmed the commit log up to revision {Revision}")]
    public static partial void Trimmed(ILogger logger, ulong revision);

    [LoggerMessage(6, LogLevel.Information, "Made a checkpoint of {Directory} in {Checkpoint}")]
    public static partial void CheckpointMade(ILogger logger, string directory, string checkpoint);

    [LoggerMessage(7, LogLevel.Error, "{Directory} was closed, but its last writes could not be synced")]
    public static partial void SyncOnCloseFailed(ILogger logger, Exception exception, string directory);

    [LoggerMessage(8, LogLevel.Warning, "The commit log of {Directory} begins at revision {Oldest}, though history should begin at {Expected}")]
    public static partial void HistoryShort(ILogger logger, string directory, ulong oldest, ulong expected);
}
