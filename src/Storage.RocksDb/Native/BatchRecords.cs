namespace WsStorage.RocksDb.Native;

/// <summary>Reads the records of a <see cref="BatchRepresentation"/>, one after the other.</summary>
/// <param name="records">The records.</param>
internal ref struct BatchRecords(ReadOnlySpan<byte> records)
{
    private ReadOnlySpan<byte> _rest = records;

    public BatchRecord Current { get; private set; }

    public readonly BatchRecords GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        byte tag = _rest[0];
        _rest = _rest[1..];
        ReadOnlySpan<byte> key = ReadField();
        if (tag != BatchRepresentation.RemoveTag)
        {
            ReadField();
        }

        Current = new BatchRecord(tag, key);
        return true;
    }

    private ReadOnlySpan<byte> ReadField()
    {
        Varint.TryRead(_rest, out ulong length, out int used);
        ReadOnlySpan<byte> field = _rest.Slice(used, (int)length);
        _rest = _rest[(used + field.Length)..];
        return field;
    }
}

/// <summary>What one record does, and to what.</summary>
/// <param name="tag">One of the tags of <see cref="BatchRepresentation"/>.</param>
/// <param name="key">The key, or the start of the range.</param>
internal readonly ref struct BatchRecord(byte tag, ReadOnlySpan<byte> key)
{
    public byte Tag { get; } = tag;

    public ReadOnlySpan<byte> Key { get; } = key;
}
