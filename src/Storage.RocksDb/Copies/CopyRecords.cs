using WsStorage.Core.Copies;
using WsStorage.Core.Feed;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Copies;

/// <summary>
/// The log records of what one write takes over, one after the other in one buffer that is used over and over. Batches that the
/// source committed at the same time share a record, as they do in the source: a record has one commit time.
/// </summary>
/// <param name="isSparse">Whether each batch is a record of its own that may follow a gap.</param>
internal sealed class CopyRecords(bool isSparse)
{
    private const int MaxRecordBytes = 1024 * 1024;
    private const uint MaxBatches = 8192;

    private readonly List<(LogRecord Record, int Start)> _records = [];
    private byte[] _buffer = new byte[4096];
    private int _length;

    private byte Version => isSparse ? LogRecord.SparseVersion : LogRecord.Version;

    /// <summary>Adds the batch that comes next.</summary>
    public void Append(in CopiedBatch batch)
    {
        long time = batch.CommitTime.ToUnixTimeMilliseconds();
        ReadOnlySpan<byte> operations = batch.PackedOperations.Span;
        Reserve(LogRecord.HeaderBytes + Varint.MaxLength + (long)operations.Length);
        if (NeedsRecord(time))
        {
            _records.Add((new LogRecord(batch.Position.Revision, time, 0, 0, 0, 0, Version), _length));
            _length += LogRecord.HeaderBytes;
        }

        _length += Varint.Write(_buffer.AsSpan(_length), (ulong)operations.Length);
        operations.CopyTo(_buffer.AsSpan(_length));
        _length += operations.Length;
        (LogRecord record, int start) = _records[^1];
        _records[^1] = (record with
        {
            Count = record.Count + 1,
            Hash = batch.Position.Hash,
            ByteCount = (ulong)(LogRecord.KeyBytes + _length - start),
        }, start);
    }

    /// <summary>Adds the records to a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="database">The database.</param>
    /// <param name="offset">The bytes of all records before them.</param>
    public void AppendTo(NativeBatch batch, Database database, ulong offset)
    {
        Span<byte> key = stackalloc byte[LogRecord.KeyBytes];
        for (int i = 0; i < _records.Count; i++)
        {
            (LogRecord record, int start) = _records[i];
            record = record with { Offset = offset };
            _records[i] = (record, start);
            Span<byte> value = _buffer.AsSpan(start, (int)record.ByteCount - LogRecord.KeyBytes);
            LogRecord.WriteHeader(value, record.CommitTime, record.Count, record.Hash, offset, Version);
            LogRecord.WriteKey(key, record.First);
            batch.Put(database.Log!, key, value);
            offset = record.End;
        }
    }

    /// <summary>Takes note of the records, once they are written.</summary>
    public void NoteIn(LogBounds log)
    {
        foreach ((LogRecord record, _) in _records)
        {
            log.Append(record);
        }
    }

    /// <summary>Tells those who watch.</summary>
    public void PublishTo(ChangeFeed feed)
    {
        foreach ((LogRecord record, int start) in _records)
        {
            int length = (int)record.ByteCount - LogRecord.KeyBytes - LogRecord.HeaderBytes;
            feed.Publish(new ChangeGroup(
                record.First,
                (int)record.Count,
                record.CommitTime,
                record.Hash,
                _buffer.AsSpan(start + LogRecord.HeaderBytes, length).ToArray(),
                isSparse: isSparse));
        }
    }

    /// <summary>Lets go of the records; keeps their memory, save what only a very large write needed.</summary>
    /// <param name="keepBytes">How much memory to keep.</param>
    public void Clear(int keepBytes)
    {
        if (_buffer.Length > keepBytes)
        {
            _buffer = new byte[keepBytes];
        }

        _length = 0;
        _records.Clear();
    }

    private bool NeedsRecord(long time) =>
        isSparse
        || _records.Count == 0
        || _records[^1].Record is var last && (last.CommitTime != time || last.Count >= MaxBatches || last.ByteCount >= MaxRecordBytes);

    private void Reserve(long bytes)
    {
        int needed = checked((int)(_length + bytes));
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        }
    }
}
