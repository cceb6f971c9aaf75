namespace WsStorage;

/// <summary>Reads the records that <see cref="PackedBytes"/> wrote.</summary>
internal ref struct PackedReader(ReadOnlySpan<byte> packed)
{
    private ReadOnlySpan<byte> _rest = packed;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte ReadKind()
    {
        byte kind = _rest[0];
        _rest = _rest[1..];
        return kind;
    }

    public ReadOnlySpan<byte> ReadField()
    {
        if (!Varint.TryRead(_rest, out ulong length, out int used) || length > (ulong)(_rest.Length - used))
        {
            throw new FormatException("A batch is cut short within a field.");
        }

        ReadOnlySpan<byte> field = _rest.Slice(used, (int)length);
        _rest = _rest[(used + (int)length)..];
        return field;
    }
}
