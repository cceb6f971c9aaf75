using WsStorage.Core.Feed;
using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Reading;

namespace WsStorage.RocksDb.History;

/// <summary>Reads the commit log for watches that have fallen behind or begin in the past. Thread-safe.</summary>
/// <param name="database">The database.</param>
/// <param name="position">Knows what is gone.</param>
/// <param name="gate">Keeps the database open while it is read.</param>
internal sealed class LogReader(Database database, StorePosition position, OperationGate gate) : IChangeLog
{
    public Revision Compacted => position.Compacted;

    /// <summary>Makes the feed of a store: what it holds no more in memory, it reads from the log.</summary>
    public static ChangeFeed OpenFeed(Database database, StorePosition position, OperationGate gate, RocksDbOptions options) => new(
        position.Current,
        new ChangeFeedOptions
        {
            TailBytes = options.WatchTailBytes,
            Log = new LogReader(database, position, gate),
            HeadMoved = position.Advance,
            TimeProvider = options.TimeProvider,
        });

    public void Read(Revision after, Revision through, int bytes, ICollection<ChangeGroup> groups)
    {
        gate.Enter();
        try
        {
            ReadRecords(after, through, bytes, groups);
        }
        finally
        {
            gate.Exit();
        }
    }

    private void ReadRecords(Revision after, Revision through, int bytes, ICollection<ChangeGroup> groups)
    {
        // Looked at first: a search among records that were removed would pass them one by one.
        if (database.Log is null || after < Compacted)
        {
            throw ToCompacted(after);
        }

        ThreadCounters.TurnOff();
        var options = new ReadOptionsHandle();
        options.SetReadahead(bytes);
        using var records = new RowIterator(database, database.Log, options);
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(key, after.Next);
        Revision reached = after;
        long left = bytes;
        for (bool any = Find(records, key, after); any && left > 0; any = records.Move(reverse: false))
        {
            LogRecord record = LogRecord.Read(records.Key, records.Value);
            if (record.IsSparse ? record.First <= reached : record.First > reached.Next || record.Last <= reached)
            {
                // The first record is older than what is looked for: that has been trimmed since. Later ones follow each other.
                throw groups.Count == 0 ? ToCompacted(after) : ToGap(reached, record.First);
            }

            if (record.Last > through)
            {
                break;
            }

            groups.Add(ToGroup(record, records.Value));
            reached = record.Last;
            left -= (long)record.ByteCount;
        }

        if (groups.Count == 0)
        {
            throw ToCompacted(after);
        }
    }

    /// <summary>Moves to the record that holds the batch after a revision, or to the sparse one that comes next.</summary>
    private bool Find(RowIterator records, ReadOnlySpan<byte> key, Revision after)
    {
        if (records.SeekBack(key))
        {
            // What lies after a record that is there has not been trimmed, so a gap after it is one of a sparse record.
            return LogRecord.Read(records.Key, records.Value).Last > after || records.Move(reverse: false);
        }

        if (!records.Start(reverse: false))
        {
            return false;
        }

        // The log begins later. The fact was written together with the removal that the iterator may have seen.
        return StoreFacts.ReadCompacted(database) <= after ? true : throw ToCompacted(after);
    }

    private static ChangeGroup ToGroup(LogRecord record, ReadOnlySpan<byte> value) => new(
        record.First,
        checked((int)record.Count),
        record.CommitTime,
        record.Hash,
        value[LogRecord.HeaderBytes..].ToArray(),
        record.HasPrevious,
        record.IsSparse);

    private static StorageException ToGap(Revision reached, Revision next) => new(
        StorageErrorCode.Corrupt,
        $"The commit log goes on with revision {next} after {reached}. Restore the store from a checkpoint.");

    private StorageException ToCompacted(Revision after) => new(
        StorageErrorCode.Compacted,
        $"The history after revision {after} is gone; what is kept begins after {Compacted}. Read everything anew, and watch from there. To keep more, raise {nameof(RocksDbOptions.CommitLogBytes)}.");
}
