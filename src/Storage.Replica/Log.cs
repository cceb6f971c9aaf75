using Microsoft.Extensions.Logging;

namespace WsStorage.Replica;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Replica {Name}: begins a copy of {Source} by {Kind}, from position {Start}")]
    public static partial void Begins(ILogger logger, string name, string source, BootstrapKind kind, Position start);

    [LoggerMessage(2, LogLevel.Information, "Replica {Name}: goes on loading after {Rows} rows, {Bytes} bytes")]
    public static partial void GoesOnLoading(ILogger logger, string name, long rows, long bytes);

    [LoggerMessage(3, LogLevel.Information, "Replica {Name}: the copy is whole at revision {Revision} and is read from now on")]
    public static partial void Promoted(ILogger logger, string name, Revision revision);

    [LoggerMessage(4, LogLevel.Information, "Replica {Name}: follows its source, at revision {Revision}")]
    public static partial void Live(ILogger logger, string name, Revision revision);

    [LoggerMessage(5, LogLevel.Warning, "Replica {Name}: will try again in {Delay}: {Reason}")]
    public static partial void Retries(ILogger logger, string name, TimeSpan delay, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Replica {Name}: the source has another epoch ({Epoch}) than the copy ({Copy}): it was restored, or is another store. The copy is served as stale, and a new one is built")]
    public static partial void EpochChanged(ILogger logger, string name, Guid epoch, Guid copy);

    [LoggerMessage(7, LogLevel.Error, "Replica {Name}: source and copy have diverged: one of them has lost or changed something. The copy is served as stale, and a new one is built: {Reason}")]
    public static partial void Diverged(ILogger logger, string name, string reason);

    [LoggerMessage(8, LogLevel.Warning, "Replica {Name}: the source has given up the history that the copy needs to follow; a new copy is built. Raise the source's limits of history, or the replica's HistoryDuration: {Reason}")]
    public static partial void Compacted(ILogger logger, string name, string reason);

    [LoggerMessage(9, LogLevel.Warning, "Replica {Name}: a copy is begun anew in {Delay}, attempt {Count}; if its history was gone before it was whole, raise the source's limits of history, or the replica's HistoryDuration: {Reason}")]
    public static partial void BeginsAnew(ILogger logger, string name, int count, TimeSpan delay, string reason);

    [LoggerMessage(10, LogLevel.Information, "Replica {Name}: drops a copy that is not done: {Reason}")]
    public static partial void Drops(ILogger logger, string name, string reason);

    [LoggerMessage(11, LogLevel.Information, "Replica {Name}: rows are read, since files can't be: {Reason}")]
    public static partial void RowsInstead(ILogger logger, string name, string reason);

    [LoggerMessage(12, LogLevel.Warning, "Replica {Name}: the source does not keep history for it: {Reason}")]
    public static partial void HistoryNotKept(ILogger logger, string name, string reason);

    [LoggerMessage(13, LogLevel.Warning, "Replica {Name}: a checkpoint of the source was not released, and goes by itself later: {Reason}")]
    public static partial void NotReleased(ILogger logger, string name, string reason);

    [LoggerMessage(14, LogLevel.Warning, "Replica {Name}: the source wants everything to be read again; a new copy is built")]
    public static partial void AllInvalidated(ILogger logger, string name);

    [LoggerMessage(15, LogLevel.Information, "Replica {Name}: the source wanted {Ranges} ranges to be read again: {Differences} rows differed and were mended")]
    public static partial void Mended(ILogger logger, string name, int ranges, long differences);

    [LoggerMessage(16, LogLevel.Warning, "Replica {Name}: could not read again what the source wanted, and will try again: {Reason}")]
    public static partial void NotMended(ILogger logger, string name, string reason);

    [LoggerMessage(17, LogLevel.Error, "Replica {Name}: failed by a defect")]
    public static partial void Failed(ILogger logger, string name, Exception exception);

    [LoggerMessage(18, LogLevel.Error, "Replica {Name}: who hears of its progress threw")]
    public static partial void ProgressFailed(ILogger logger, string name, Exception exception);

    [LoggerMessage(19, LogLevel.Warning, "Replica {Name}: a copy that is not read any more could not be dropped: {Reason}")]
    public static partial void NotDropped(ILogger logger, string name, string reason);

    [LoggerMessage(20, LogLevel.Error, "Replica {Name}: differs from its source in {Differences} rows, first at revision {Revision}; {Mended} were mended")]
    public static partial void Differs(ILogger logger, string name, long differences, Revision revision, long mended);
}
