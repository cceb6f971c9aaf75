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
    public static LogRecord FindCut(Database database, LogRecord oldest, LogRecord newest, ulong keepBytes) =>
        FindLast(database, oldest, newest, record => newest.End - record.Offset >= keepBytes) ?? oldest;

    /// <summary>Finds where to cut so that what was committed since some time stays, and the newest record in any case.</summary>
    /// <param name="database">The database.</param>
    /// <param name="oldest">The oldest record.</param>
    /// <param name="newest">The newest record.</param>
    /// <param name="since">The time, in milliseconds since 1970 UTC.</param>
    /// <returns>The oldest record to keep.</returns>
    public static LogRecord FindCut(Database database, LogRecord oldest, LogRecord newest, long since) =>
        FindLast(database, oldest, newest, record => record.CommitTime < since) is not { } last ? oldest
            : FindAfter(database, last) ?? newest;

    /// <summary>Finds the record that holds a revision.</summary>
    /// <param name="database">The database.</param>
    /// <param name="revision">The revision, in the log.</param>
    /// <returns>The last record that begins at or before it; null when there is none.</returns>
    public static LogRecord? FindHolding(Database database, Revision revision)
    {
        using RowIterator? records = Open(database, snapshot: null);
        if (records is null)
        {
            return null;
        }

        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(key, revision);
        bool any = !records.Seek(key) ? records.Start(reverse: true)
            : records.Key.SequenceEqual(key) || records.Move(reverse: true);
        return any ? LogRecord.Read(records.Key, records.Value) : null;
    }

    /// <summary>The record after one, or null when it is the newest.</summary>
    private static LogRecord? FindAfter(Database database, LogRecord record)
    {
        using RowIterator? records = Open(database, snapshot: null);
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(key, record.First.Next);
        return records?.Seek(key) == true ? LogRecord.Read(records.Key, records.Value) : null;
    }

    /// <summary>Finds the last record of which something is true that, once it is not, is true of none after it.</summary>
    private static LogRecord? FindLast(Database database, LogRecord oldest, LogRecord newest, Predicate<LogRecord> isTrue)
    {
        using RowIterator records = Open(database, snapshot: null)
            ?? throw new InvalidOperationException("A database without a log has no cut.");
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord? found = isTrue(oldest) ? oldest : null;
        ulong low = oldest.First.Value;
        ulong high = newest.First.Value + 1;
        while (high - low > 1)
        {
            ulong middle = low + ((high - low) / 2);
            LogRecord.WriteKey(key, new Revision(middle));
            if (records.Seek(key) && LogRecord.Read(records.Key, records.Value) is var record && isTrue(record))
            {
                low = middle;
                found = record;
            }
            else
            {
                high = middle;
            }
        }

        return found;
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
