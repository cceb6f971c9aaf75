namespace WsStorage;

/// <summary>Takes packed memory apart, from its start, into slices of it.</summary>
internal static class PackedSlices
{
    public static byte TakeByte(ref ReadOnlyMemory<byte> rest)
    {
        byte taken = rest.Span[0];
        rest = rest[1..];
        return taken;
    }

    /// <summary>Takes a field: a varint length and that many bytes.</summary>
    /// <exception cref="FormatException">It is cut short.</exception>
    public static ReadOnlyMemory<byte> TakeField(ref ReadOnlyMemory<byte> rest)
    {
        ReadOnlySpan<byte> span = rest.Span;
        if (!Varint.TryRead(span, out ulong length, out int used) || length > (ulong)(span.Length - used))
        {
            throw new FormatException("A field is cut short.");
        }

        ReadOnlyMemory<byte> taken = rest.Slice(used, (int)length);
        rest = rest[(used + (int)length)..];
        return taken;
    }
}
