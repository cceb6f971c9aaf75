using WsStorage.Core;
using WsStorage.Core.Feed;
using WsStorage.Core.Sessions;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Reading;
using WsStorage.RocksDb.Sessions;

namespace WsStorage.RocksDb.Commit;

/// <summary>
/// The batches that one native write makes durable: their operations, their log record, their revisions. Used by the
/// committing thread, over and over.
/// </summary>
internal sealed class CommitGroup : IDisposable
{
    private const int MaxBytes = 1024 * 1024;
    private const uint MaxBatches = 8192;
    private const int KeptBytes = 4 * MaxBytes;

    private readonly Database _database;
    private readonly StorePosition _position;
    private readonly LogBounds? _log;
    private readonly RowCache? _rows;
    private readonly SessionJournal _sessions;
    private readonly TimeProvider _time;
    private readonly WriteOptionsHandle _writeOptions;
    private readonly BatchRepresentation _writes = new();
    private readonly LogRecordBuilder _record;
    private readonly List<WriteBatch> _unrecorded = [];
    private readonly PendingWrites _pending;
    private readonly PreviousReader? _previous;
    private readonly ChangeFeed _feed;
    private Revision _revision;
    private ulong _hash;
    private uint _count;

    /// <summary>Makes an empty group.</summary>
    /// <param name="database">The database.</param>
    /// <param name="position">Where the first group begins.</param>
    /// <param name="feed">Told of each group; moves the position on.</param>
    /// <param name="log">The ends of the log; null while it is off.</param>
    /// <param name="sessions">What is remembered of numbered writes.</param>
    /// <param name="rows">Told of what is written; null if there is none.</param>
    /// <param name="options">Durability and clock.</param>
    public CommitGroup(
        Database database,
        StorePosition position,
        ChangeFeed feed,
        LogBounds? log,
        SessionJournal sessions,
        RowCache? rows,
        RocksDbOptions options)
    {
        _database = database;
        _position = position;
        _feed = feed;
        _log = log;
        _sessions = sessions;
        _rows = rows;
        _time = options.TimeProvider;
        _writeOptions = new WriteOptionsHandle(sync: options.Durability == Durability.Synced);
        _pending = new PendingWrites(_writes);
        _record = new LogRecordBuilder(options.LogPreviousValues);
        _previous = options.LogPreviousValues ? new PreviousReader(database, _writes, _pending) : null;
        Clear();
    }

    /// <summary>Whether it is time to write.</summary>
    public bool IsFull => _writes.Length >= MaxBytes || _record.Length >= MaxBytes
        || _count >= MaxBatches || _sessions.Count >= MaxBatches;

    private Revision First => new(_revision.Value - _count + 1);

    /// <summary>
    /// Checks a batch's preconditions against the store and the group so far, and adds its operations if they hold. One that
    /// was executed before is not executed again.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="written">Whether it may be applied: its operations were added, or it was sent before.</param>
    /// <returns>The result, if the group is written.</returns>
    /// <exception cref="StorageException">The store could not be read; nothing was added.</exception>
    public WriteResult Add(WriteBatch batch, out bool written)
    {
        if (batch.Stamp is not { } stamp)
        {
            return Execute(batch, out written);
        }

        ulong hash = BodyHash.Of(batch);
        if (_sessions.Answer(stamp, hash) is { } answer)
        {
            written = answer.Applied || answer.Error == StorageErrorCode.OutcomeUnknown;
            return answer;
        }

        WriteResult result = Execute(batch, out written);
        _sessions.Record(stamp, hash, result);
        return result;
    }

    /// <summary>Writes the group and moves the position on. An empty group writes nothing.</summary>
    /// <exception cref="StorageException">The write failed; whether it was applied is not known.</exception>
    public void Write()
    {
        if (_count == 0 && _sessions.Count == 0)
        {
            return;
        }

        long time = _time.GetUtcNow().ToUnixTimeMilliseconds();
        using var batch = new NativeBatch(_writes.Finish());
        _sessions.AppendTo(batch);
        if (_count == 0)
        {
            batch.Write(_database, _writeOptions);
            return;
        }

        _rows?.BeginWrite(_writes);
        if (_log is null)
        {
            StoreFacts.WritePosition(batch, _database, _revision, _hash);
            batch.Write(_database, _writeOptions);
        }
        else
        {
            LogRecord written = AppendRecord(batch, time, _log.End);
            batch.Write(_database, _writeOptions);
            _log.Append(written);
        }

        _rows?.EndWrite();

        // Watches hear of it before the callers do, and the store is as far as its feed at every moment.
        if (!_feed.TryAdvance(new Position(_position.Epoch, _revision, _hash)))
        {
            foreach (WriteBatch each in _unrecorded)
            {
                _record.Append(each.PackedOperations, default);
            }

            _feed.Publish(_record.ToGroup(First, time, _hash));
        }

        // What is gone is never ahead of what there is.
        if (_log is null)
        {
            _position.Compacted = _revision;
        }
    }

    /// <summary>Empties the group.</summary>
    public void Clear()
    {
        _writes.Clear(KeptBytes);
        _record.Clear(KeptBytes);
        _unrecorded.Clear();
        _pending.Clear();
        _sessions.Clear();
        Position position = _position.Current;
        _revision = position.Revision;
        _hash = position.Hash;
        _count = 0;
    }

    public void Dispose() => _writeOptions.Dispose();

    private WriteResult Execute(WriteBatch batch, out bool written)
    {
        written = false;
        if (batch.PreconditionCount > 0 && FindFailed(batch) is >= 0 and int failed)
        {
            return WriteResult.RefusedAt(_revision, failed);
        }

        ReadOnlySpan<byte> operations = batch.PackedOperations;
        if (operations.IsEmpty)
        {
            return WriteResult.AppliedAt(_revision);
        }

        int length = _writes.Length;
        uint count = _writes.Count;
        try
        {
            if (_previous is null)
            {
                GroupOperations.Append(_writes, operations, _database);
            }
            else
            {
                _previous.ReadAndAppend(operations);
            }

            if (_log is null && _previous is null)
            {
                // Only a watch needs the record then. The batches stay as they are until their callers are told.
                _unrecorded.Add(batch);
            }
            else
            {
                _record.Append(operations, _previous is null ? default : _previous.Packed);
            }
        }
        catch
        {
            _writes.Truncate(length, count);
            _pending.Clear();
            throw;
        }

        _revision = _revision.Next;
        _hash = ChainHash.Append(_hash, _revision, operations);
        _count++;
        written = true;
        return WriteResult.AppliedAt(_revision);
    }

    private LogRecord AppendRecord(NativeBatch batch, long time, ulong offset)
    {
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(key, First);
        ReadOnlySpan<byte> value = _record.Finish(time, _hash, offset);
        batch.Put(_database.Log!, key, value);
        return LogRecord.Read(key, value);
    }

    private int FindFailed(WriteBatch batch)
    {
        int index = 0;
        foreach (BatchPrecondition precondition in batch.Preconditions)
        {
            if (!Holds(precondition))
            {
                return index;
            }

            index++;
        }

        return -1;
    }

    private bool Holds(BatchPrecondition precondition)
    {
        if (_pending.TryGet(precondition.Key, out bool present, out ReadOnlySpan<byte> pending))
        {
            return present ? precondition.HoldsFor(pending) : precondition.HoldsForAbsent();
        }

        using PinnedValue stored = PinnedValue.Get(_database, _database.Data, _database.ReadOptions, precondition.Key);
        return stored.Exists ? precondition.HoldsFor(stored.Span) : precondition.HoldsForAbsent();
    }
}
