using WsStorage.Core.Copies;
using WsStorage.Core.Feed;
using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Reading;

namespace WsStorage.RocksDb.Copies;

/// <summary>
/// Writes what a copy takes over of its source: each call is one native write of rows and of how far they are. Used by the
/// committing thread; its content may be asked for by any.
/// </summary>
internal sealed class CopyWriter : IDisposable
{
    private const int KeptBytes = 4 * 1024 * 1024;

    private readonly Database _database;
    private readonly StorePosition _position;
    private readonly ChangeFeed _feed;
    private readonly LogBounds? _log;
    private readonly RowCache? _rows;
    private readonly WriteOptionsHandle _writeOptions;
    private readonly BatchRepresentation _writes = new();
    private readonly CopyRecords _records;
    private CopyContent _content;

    /// <summary>Makes the writer of a copy that was just opened.</summary>
    public CopyWriter(
        Database database,
        StorePosition position,
        ChangeFeed feed,
        LogBounds log,
        CopyContent content,
        RowCache? rows,
        RocksDbOptions options)
    {
        _database = database;
        _position = position;
        _feed = feed;
        _log = options.CommitLogBytes == 0 ? null : log;
        _content = content;
        _rows = rows;
        _records = new CopyRecords(isSparse: content.Ranges.Count > 0);
        _writeOptions = new WriteOptionsHandle(sync: options.Durability == Durability.Synced);
    }

    /// <summary>How far the copy is. Thread-safe.</summary>
    public CopyState State
    {
        get
        {
            CopyContent content = Volatile.Read(ref _content);
            return new CopyState { Ranges = content.Ranges, Position = _position.Current, Load = content.Load };
        }
    }

    /// <summary>Whether the copy is still being loaded. Thread-safe.</summary>
    public bool IsLoading => Volatile.Read(ref _content).Load is { IsComplete: false };

    /// <summary>Adds rows: <see cref="ICopy.LoadAsync"/>.</summary>
    public void Load(ReadOnlyMemory<byte> packedRows, CopyLoad load)
    {
        CopyRules.CheckLoad(State, packedRows, load);
        try
        {
            AppendRows(packedRows.Span);
            using var batch = new NativeBatch(_writes.Finish());
            CopyFacts.WriteLoad(batch, _database, load);
            Write(batch);
            SetLoad(load with { Last = load.Last is { } last ? last.ToArray() : (ReadOnlyMemory<byte>?)null });
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Takes over batches: <see cref="ICopy.ApplyAsync"/>.</summary>
    public void Apply(ReadOnlySpan<CopiedBatch> batches)
    {
        CopyRules.CheckApply(State, batches);
        if (batches.IsEmpty)
        {
            return;
        }

        try
        {
            AppendBatches(batches);
            Position reached = batches[^1].Position;
            Write(reached);
            if (!_feed.TryAdvance(reached))
            {
                _records.PublishTo(_feed);
            }

            // What is gone is never ahead of what there is.
            if (_log is null)
            {
                _position.Compacted = reached.Revision;
            }
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Corrects rows: <see cref="ICopy.MendAsync"/>.</summary>
    public void Mend(WriteBatch operations)
    {
        CopyRules.CheckMend(operations);
        try
        {
            GroupOperations.Append(_writes, operations.PackedOperations, _database);
            using var batch = new NativeBatch(_writes.Finish());
            Write(batch);
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Takes note, durably, that the copy is whole and nothing of its loading matters any more.</summary>
    public void EndLoad()
    {
        // The sync brings everything that was written before to the disk as well.
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        CopyFacts.AppendRemovalOfLoad(batch, _database);
        batch.Write(_database, options);
        SetLoad(null);
    }

    public void Dispose() => _writeOptions.Dispose();

    private void Write(Position reached)
    {
        using var batch = new NativeBatch(_writes.Finish());
        if (_log is null)
        {
            StoreFacts.WritePosition(batch, _database, reached.Revision, reached.Hash);
            Write(batch);
            return;
        }

        _records.AppendTo(batch, _database, _log.End);
        Write(batch);
        _records.NoteIn(_log);
    }

    /// <summary>Writes a batch whose rows were made of the form.</summary>
    private void Write(NativeBatch batch)
    {
        _rows?.BeginWrite(_writes);
        batch.Write(_database, _writeOptions);
        _rows?.EndWrite();
    }

    private void AppendRows(ReadOnlySpan<byte> rest)
    {
        // A row is packed as RocksDB packs the fields of a put.
        while (!rest.IsEmpty)
        {
            int length = FieldLength(rest);
            length += FieldLength(rest[length..]);
            _writes.PutPacked(rest[..length]);
            rest = rest[length..];
        }
    }

    private static int FieldLength(ReadOnlySpan<byte> rest)
    {
        Varint.TryRead(rest, out ulong length, out int used);
        return used + (int)length;
    }

    private void AppendBatches(ReadOnlySpan<CopiedBatch> batches)
    {
        foreach (ref readonly CopiedBatch batch in batches)
        {
            GroupOperations.Append(_writes, batch.PackedOperations.Span, _database);
            _records.Append(batch);
        }
    }

    private void SetLoad(CopyLoad? load) => Volatile.Write(ref _content, _content with { Load = load });

    private void Clear()
    {
        _writes.Clear(KeptBytes);
        _records.Clear(KeptBytes);
    }
}
