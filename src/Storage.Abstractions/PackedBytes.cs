namespace WsStorage;

/// <summary>A growing buffer of records: a kind byte, then fields, each a varint length and that many bytes.</summary>
internal struct PackedBytes
{
    private byte[]? _buffer;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    public void Append(byte kind, ReadOnlySpan<byte> first)
    {
        Span<byte> free = Reserve(1 + FieldLength(first));
        free[0] = kind;
        WriteField(free[1..], first);
    }

    public void Append(byte kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> free = Reserve(1 + FieldLength(first) + FieldLength(second));
        free[0] = kind;
        int used = 1 + WriteField(free[1..], first);
        WriteField(free[used..], second);
    }

    public void Append(ReadOnlySpan<byte> packed) => packed.CopyTo(Reserve(packed.Length));

    public void Clear() => Length = 0;

    private static int FieldLength(ReadOnlySpan<byte> field) => Varint.Length((ulong)field.Length) + field.Length;

    private static int WriteField(Span<byte> destination, ReadOnlySpan<byte> field)
    {
        int used = Varint.Write(destination, (ulong)field.Length);
        field.CopyTo(destination[used..]);
        return used + field.Length;
    }

    private Span<byte> Reserve(int count)
    {
        int needed = checked(Length + count);
        if (_buffer is null || _buffer.Length < needed)
        {
            Array.Resize(ref _buffer, Math.Max(needed, Math.Max(64, (int)Math.Min(2L * Length, Array.MaxLength))));
        }

        Span<byte> free = _buffer.AsSpan(Length, count);
        Length = needed;
        return free;
    }
}
