namespace WsStorage.Core.Feed;

/// <summary>One operation to be packed as <see cref="BatchOperationKind"/> says. The default is none.</summary>
internal readonly ref struct PackedOperation(BatchOperationKind kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
{
    private readonly byte _kind = (byte)kind;
    private readonly ReadOnlySpan<byte> _first = first;
    private readonly ReadOnlySpan<byte> _second = second;

    public bool IsNone => _kind == 0;

    /// <summary>How many bytes it takes.</summary>
    public int Length => 1 + FieldLength(_first) + (HasSecond ? FieldLength(_second) : 0);

    private bool HasSecond => _kind != (byte)BatchOperationKind.Remove;

    /// <summary>Writes it.</summary>
    /// <returns>How many bytes it took.</returns>
    public int Write(Span<byte> destination)
    {
        destination[0] = _kind;
        int used = 1 + WriteField(destination[1..], _first);
        return HasSecond ? used + WriteField(destination[used..], _second) : used;
    }

    private static int FieldLength(ReadOnlySpan<byte> field) => Varint.Length((ulong)field.Length) + field.Length;

    private static int WriteField(Span<byte> destination, ReadOnlySpan<byte> field)
    {
        int used = Varint.Write(destination, (ulong)field.Length);
        field.CopyTo(destination[used..]);
        return used + field.Length;
    }
}
