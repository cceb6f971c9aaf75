using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.History;

/// <summary>Reads the commit log's records. Stateless and thread-safe.</summary>
internal static class CommitLog
{
    /// <summary>The oldest record, or null when the log is empty.</summary>
    public static LogRecord? ReadFirst(Database database)
    {
        using RowIterator? records = Open(database, snapshot: null);
        return records?.Start(reverse: false) == true ? LogRecord.Read(records.Key, records.Value) : null;
    }

    /// <summary>The newest record, or null when the log is empty.</summary>
    /// <param name="database">The database.</param>
    /// <param name="snapshot">The point in time to read; null for now.</param>
    public static LogRecord? ReadLast(Database database, SnapshotHandle? snapshot = null)
    {
        using RowIterator? records = Open(database, snapshot);
        return records?.Start(reverse: true) == true ? LogRecord.Read(records.Key, records.Value) : null;
    }

    /// <summary>Finds where to cut so that at least some bytes of history stay, and the newest record in any case.</summary>
    /// <param name="database">The database.</param>
    /// <param name="oldest">The oldest record.</param>
    /// <param name="newest">The newest record.</param>
    /// <param name="keepBytes">How many bytes.</param>
    /// <returns>The oldest record to keep.</returns>
    public static LogRecord FindCut(Database database, LogRecord oldest, LogRecord newest, ulong keepBytes)
    {
        using RowIterator records = Open(database, snapshot: null)
            ?? throw new InvalidOperationException("A database without a log has no cut.");
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord cut = oldest;
        ulong low = oldest.First.Value;
        ulong high = newest.First.Value + 1;
        while (high - low > 1)
        {
            // Offsets grow with revisions. From low on enough is left, from high on it is not.
            ulong middle = low + ((high - low) / 2);
            LogRecord.WriteKey(key, new Revision(middle));
            if (records.Seek(key)
                && LogRecord.Read(records.Key, records.Value) is var record
                && newest.End - record.Offset >= keepBytes)
            {
                low = middle;
                cut = record;
            }
            else
            {
                high = middle;
            }
        }

        return cut;
    }

    private static RowIterator? Open(Database database, SnapshotHandle? snapshot)
    {
        if (database.Log is null)
        {
            return null;
        }

        var options = new ReadOptionsHandle();
        if (snapshot is not null)
        {
            options.SetSnapshot(snapshot);
        }

        return new RowIterator(database, database.Log, options);
    }
}
