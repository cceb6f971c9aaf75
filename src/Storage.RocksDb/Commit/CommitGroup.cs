using WsStorage.Core;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;

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
    private readonly TimeProvider _time;
    private readonly WriteOptionsHandle _writeOptions;
    private readonly BatchRepresentation _writes = new();
    private readonly LogRecordBuilder _record = new();
    private readonly PendingWrites _pending;
    private Revision _revision;
    private ulong _hash;
    private uint _count;

    /// <summary>Makes an empty group.</summary>
    /// <param name="database">The database.</param>
    /// <param name="position">Moves on with each group.</param>
    /// <param name="log">The ends of the log; null while it is off.</param>
    /// <param name="options">Durability and clock.</param>
    public CommitGroup(Database database, StorePosition position, LogBounds? log, RocksDbOptions options)
    {
        _database = database;
        _position = position;
        _log = log;
        _time = options.TimeProvider;
        _writeOptions = new WriteOptionsHandle(sync: options.Durability == Durability.Synced);
        _pending = new PendingWrites(_writes);
        Clear();
    }

    /// <summary>Whether it is time to write.</summary>
    public bool IsFull => _writes.Length >= MaxBytes || _count >= MaxBatches;

    /// <summary>
    /// Checks a batch's preconditions against the store and the group so far, and adds its operations if they hold.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="written">Whether operations were added.</param>
    /// <returns>The result, if the group is written.</returns>
    /// <exception cref="StorageException">The store could not be read; nothing was added.</exception>
    public WriteResult Add(WriteBatch batch, out bool written)
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
            GroupOperations.Append(_writes, operations, _database);
        }
        catch
        {
            _writes.Truncate(length, count);
            throw;
        }

        if (_log is not null)
        {
            _record.Append(operations);
        }

        _revision = _revision.Next;
        _hash = ChainHash.Append(_hash, _revision, operations);
        _count++;
        written = true;
        return WriteResult.AppliedAt(_revision);
    }

    /// <summary>Writes the group and moves the position on. An empty group writes nothing.</summary>
    /// <exception cref="StorageException">The write failed; whether it was applied is not known.</exception>
    public void Write()
    {
        if (_count == 0)
        {
            return;
        }

        using var batch = new NativeBatch(_writes.Finish());
        if (_log is null)
        {
            StoreFacts.WritePosition(batch, _database, _revision, _hash);
            batch.Write(_database, _writeOptions);
            _position.Compacted = _revision;
        }
        else
        {
            LogRecord written = AppendRecord(batch, _log.End);
            batch.Write(_database, _writeOptions);
            _log.Append(written);
        }

        _position.Advance(_revision, _hash);
    }

    /// <summary>Empties the group.</summary>
    public void Clear()
    {
        _writes.Clear(KeptBytes);
        _record.Clear(KeptBytes);
        _pending.Clear();
        Position position = _position.Current;
        _revision = position.Revision;
        _hash = position.Hash;
        _count = 0;
    }

    public void Dispose() => _writeOptions.Dispose();

    private LogRecord AppendRecord(NativeBatch batch, ulong offset)
    {
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        LogRecord.WriteKey(key, new Revision(_revision.Value - _count + 1));
        ReadOnlySpan<byte> value = _record.Finish(_time.GetUtcNow().ToUnixTimeMilliseconds(), _hash, offset);
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
