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

    [LoggerMessage(9, LogLevel.Warning, "History was trimmed through revision {Revision}, though it was kept for the follower {Follower}: it has to read anew")]
    public static partial void FollowerOverrun(ILogger logger, string follower, ulong revision);

    [LoggerMessage(10, LogLevel.Information, "Began the copy {Directory} at {Position}")]
    public static partial void CopyBegun(ILogger logger, string directory, Position position);

    [LoggerMessage(11, LogLevel.Information, "The copy {Directory} is the current one, at {Position}")]
    public static partial void CopyPromoted(ILogger logger, string directory, Position position);

    [LoggerMessage(12, LogLevel.Information, "Removed the copy {Directory}")]
    public static partial void CopyRemoved(ILogger logger, string directory);

    [LoggerMessage(13, LogLevel.Warning, "The copy {Directory} could not be removed; that is tried again when the copies are next opened")]
    public static partial void CopyNotRemoved(ILogger logger, Exception exception, string directory);

    [LoggerMessage(14, LogLevel.Warning, "The copy {Directory}, which was being built, can't be gone on with and is removed: {Reason}")]
    public static partial void CopyUnusable(ILogger logger, string directory, string reason);

    [LoggerMessage(20, LogLevel.Information, "Found the checkpoint {Checkpoint} of {Directory}, made before it was opened")]
    public static partial void CheckpointAdopted(ILogger logger, Guid checkpoint, string directory);

    [LoggerMessage(21, LogLevel.Warning, "The checkpoints in {Directory} could not be looked at, or remains of them not be removed")]
    public static partial void CheckpointsUnreadable(ILogger logger, Exception exception, string directory);

    [LoggerMessage(22, LogLevel.Information, "Released the checkpoint {Checkpoint} of {Directory}: it was not read for {Retention}")]
    public static partial void CheckpointIdle(ILogger logger, Guid checkpoint, string directory, TimeSpan retention);

    [LoggerMessage(23, LogLevel.Warning, "The checkpoint {Checkpoint} of {Directory} could not be removed; its files take room until the store is opened again")]
    public static partial void CheckpointStays(ILogger logger, Exception exception, Guid checkpoint, string directory);

    [LoggerMessage(24, LogLevel.Information, "Begins to receive the checkpoint {Checkpoint} at {Position}: {Files} files, {Bytes} bytes")]
    public static partial void ReceiptBegun(ILogger logger, Guid checkpoint, Position position, int files, long bytes);

    [LoggerMessage(25, LogLevel.Information, "The checkpoint {Checkpoint} was received and is the copy {Directory}, at {Position}")]
    public static partial void ReceiptComplete(ILogger logger, Guid checkpoint, string directory, Position position);
}
