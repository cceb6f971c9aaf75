using System.Buffers.Binary;

namespace WsStorage.RocksDb.Native;

/// <summary>
/// Builds the serialized form of a RocksDB write batch over the default column family, so that a whole group crosses the
/// native border in one call. It is also what RocksDB's write-ahead log holds, and so does not change.
/// </summary>
/// <remarks>
/// Source: RocksDB's <c>db/write_batch.cc</c> (head comment) and <c>db/dbformat.h</c> (<c>ValueType</c>).
/// <code>
/// rep    = sequence: u64 = 0, count: u32, count * record
/// record = 0x01 key value | 0x00 key | 0x0F start end, each field a varint length and that many bytes
/// </code>
/// </remarks>
internal sealed class BatchRepresentation
{
    public const int HeaderBytes = 12;
    public const byte PutTag = 0x01;
    public const byte RemoveTag = 0x00;
    public const byte RemoveRangeTag = 0x0F;
    private byte[] _buffer = new byte[4096];

    /// <summary>The bytes so far, the header included.</summary>
    public int Length { get; private set; } = HeaderBytes;

    /// <summary>How many records there are.</summary>
    public uint Count { get; private set; }

    /// <summary>The bytes from the start on, without a current count; slices by place stay right while the form grows.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    /// <summary>The records so far; valid until the form grows.</summary>
    public BatchRecords Records => new(Bytes[HeaderBytes..]);

    /// <summary>The whole form.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(8), Count);
        return Bytes;
    }

    /// <summary>Empties the form; keeps its memory, save what only a very large batch needed.</summary>
    /// <param name="keepBytes">How much memory to keep.</param>
    public void Clear(int keepBytes)
    {
        if (_buffer.Length > keepBytes)
        {
            _buffer = new byte[keepBytes];
        }

        Length = HeaderBytes;
        Count = 0;
    }

    /// <summary>Goes back to an earlier length and count.</summary>
    public void Truncate(int length, uint count)
    {
        Length = length;
        Count = count;
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Append(PutTag, key, value, two: true);

    /// <summary>Appends a put whose key and value are packed already: each a varint length and that many bytes.</summary>
    public void PutPacked(ReadOnlySpan<byte> row)
    {
        Reserve(1 + row.Length);
        _buffer[Length] = PutTag;
        row.CopyTo(_buffer.AsSpan(Length + 1));
        Length += 1 + row.Length;
        Count++;
    }

    public void Remove(ReadOnlySpan<byte> key) => Append(RemoveTag, key, default, two: false);

    public void RemoveRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end) => Append(RemoveRangeTag, start, end, two: true);

    /// <summary>Finds the greatest key of all puts so far.</summary>
    /// <param name="key">The key; valid until the form grows.</param>
    /// <returns>Whether there is a put.</returns>
    public bool TryFindLastPut(out ReadOnlySpan<byte> key)
    {
        key = default;
        bool any = false;
        foreach (BatchRecord record in Records)
        {
            if (record.Tag == PutTag && (!any || record.Key.SequenceCompareTo(key) > 0))
            {
                any = true;
                key = record.Key;
            }
        }

        return any;
    }

    private void Append(byte tag, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, bool two)
    {
        Reserve(1L + first.Length + second.Length + (2 * Varint.MaxLength));
        Span<byte> free = _buffer.AsSpan(Length);
        free[0] = tag;
        int used = 1 + AppendField(free[1..], first);
        if (two)
        {
            used += AppendField(free[used..], second);
        }

        Length += used;
        Count++;
    }

    private void Reserve(long bytes)
    {
        int needed = checked((int)(Length + bytes));
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(2L * _buffer.Length, Array.MaxLength)));
        }
    }

    private static int AppendField(Span<byte> free, ReadOnlySpan<byte> field)
    {
        int used = Varint.Write(free, (ulong)field.Length);
        field.CopyTo(free[used..]);
        return used + field.Length;
    }
}
