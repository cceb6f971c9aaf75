namespace WsStorage.RocksDb.History;

/// <summary>Collects the batches of a group into the value of its log record, in one buffer used over and over.</summary>
internal sealed class LogRecordBuilder
{
    private byte[] _buffer = new byte[4096];
    private int _length = LogRecord.HeaderBytes;

    /// <summary>How many batches there are.</summary>
    public uint Count { get; private set; }

    /// <summary>Adds a batch.</summary>
    /// <param name="packedOperations">What <see cref="WriteBatch.PackedOperations"/> gives.</param>
    public void Append(ReadOnlySpan<byte> packedOperations)
    {
        int needed = checked(_length + Varint.MaxLength + packedOperations.Length);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        }

        _length += Varint.Write(_buffer.AsSpan(_length), (ulong)packedOperations.Length);
        packedOperations.CopyTo(_buffer.AsSpan(_length));
        _length += packedOperations.Length;
        Count++;
    }

    /// <summary>Writes the header and gives the whole value.</summary>
    public ReadOnlySpan<byte> Finish(long commitTime, ulong hash, ulong offset)
    {
        LogRecord.WriteHeader(_buffer, commitTime, Count, hash, offset);
        return _buffer.AsSpan(0, _length);
    }

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
}
