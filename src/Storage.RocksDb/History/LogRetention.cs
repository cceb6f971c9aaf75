using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.History;

/// <summary>Trims the start of the commit log once it holds an eighth more than it has to. Used by the committing thread.</summary>
/// <param name="database">The database.</param>
/// <param name="bounds">The ends of the log.</param>
/// <param name="keepBytes">How many bytes of history stay, at least.</param>
internal sealed class LogRetention(Database database, LogBounds bounds, long keepBytes)
{
    private readonly ulong _keepBytes = (ulong)keepBytes;

    /// <summary>Whether there is enough to trim.</summary>
    public bool IsDue => keepBytes > 0 && bounds.ByteCount > _keepBytes + (_keepBytes / 8);

    /// <summary>Removes the oldest records, and notes up to where history is gone, in one batch.</summary>
    /// <returns>The revision at or below which history is now gone, or null when there was nothing to remove.</returns>
    public Revision? Trim()
    {
        if (bounds.Oldest is not { } oldest || bounds.Newest is not { } newest)
        {
            return null;
        }

        LogRecord cut = CommitLog.FindCut(database, oldest, newest, _keepBytes);
        if (cut.First <= oldest.First)
        {
            return null;
        }

        var compacted = new Revision(cut.First.Value - 1);
        Remove(cut.First, compacted);
        bounds.TrimTo(cut);
        return compacted;
    }

    private unsafe void Remove(Revision before, Revision compacted)
    {
        Span<byte> start = stackalloc byte[LogRecord.KeyBytes];
        Span<byte> end = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(start, Revision.None);
        LogRecord.WriteKey(end, before);
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        batch.RemoveRange(database.Log!, start, end);
        StoreFacts.WriteCompacted(batch, database, compacted);
        batch.Write(database, options);

        // The range removal hides the rows at once; whole files go now instead of by some later compaction.
        nint error = 0;
        fixed (byte* s = start, e = end)
        {
            RocksDbApi.rocksdb_delete_file_in_range_cf(
                database.Handle, database.Log!, s, (nuint)start.Length, e, (nuint)end.Length, ref error);
        }

        NativeError.ThrowIfSet(error, "Old files of the commit log could not be removed");
    }
}
