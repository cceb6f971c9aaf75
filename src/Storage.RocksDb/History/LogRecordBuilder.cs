using WsStorage.Core.Feed;

namespace WsStorage.RocksDb.History;

/// <summary>Collects the batches of a group into the value of its log record, in one buffer used over and over.</summary>
/// <param name="hasPrevious">Whether the record holds what the keys held before.</param>
internal sealed class LogRecordBuilder(bool hasPrevious)
{
    private byte[] _buffer = new byte[4096];
    private int _length = LogRecord.HeaderBytes;

    /// <summary>How many batches there are.</summary>
    public uint Count { get; private set; }

    /// <summary>How many bytes there are.</summary>
    public int Length => _length;

    /// <summary>Adds a batch; all of it, or nothing when there is no room in memory.</summary>
    /// <param name="packedOperations">What <see cref="WriteBatch.PackedOperations"/> gives.</param>
    /// <param name="packedPrevious">What its keys held before; left out if the record does not hold that.</param>
    public void Append(ReadOnlySpan<byte> packedOperations, ReadOnlySpan<byte> packedPrevious)
    {
        Reserve((2L * Varint.MaxLength) + packedOperations.Length + packedPrevious.Length);
        AppendField(packedOperations);
        if (hasPrevious)
        {
            AppendField(packedPrevious);
        }

        Count++;
    }

    /// <summary>Writes the header and gives the whole value.</summary>
    public ReadOnlySpan<byte> Finish(long commitTime, ulong hash, ulong offset)
    {
        LogRecord.WriteHeader(
            _buffer, commitTime, Count, hash, offset, hasPrevious ? LogRecord.VersionWithPrevious : LogRecord.Version);
        return _buffer.AsSpan(0, _length);
    }

    /// <summary>Makes a copy of the batches for those who watch.</summary>
    public ChangeGroup ToGroup(Revision first, long commitTime, ulong hash) => new(
        first, (int)Count, commitTime, hash, _buffer.AsSpan(LogRecord.HeaderBytes.._length).ToArray(), hasPrevious);

    /// <summary>Empties the record; keeps its memory, save what only a very large batch needed.</summary>
    /// <param name="keepBytes">How much memory to keep.</param>
    public void Clear(int keepBytes)
    {
        if (_buffer.Length > keepBytes)
        {
            _buffer = new byte[keepBytes];
        }

        _length = LogRecord.HeaderBytes;
        Count = 0;
    }

    private void Reserve(long bytes)
    {
        int needed = checked((int)(_length + bytes));
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        }
    }

    private void AppendField(ReadOnlySpan<byte> field)
    {
        _length += Varint.Write(_buffer.AsSpan(_length), (ulong)field.Length);
        field.CopyTo(_buffer.AsSpan(_length));
        _length += field.Length;
    }
}
