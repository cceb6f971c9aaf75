using System.Numerics;

namespace WsStorage;

/// <summary>
/// Unsigned variable-length integers: seven bits a byte, the lowest first, the high bit set on all but the last (LEB128,
/// the varint of Protocol Buffers). One value has one form: a last byte of zero after others is refused.
/// </summary>
public static class Varint
{
    /// <summary>The longest form of a 64-bit value, in bytes.</summary>
    public const int MaxLength = 10;

    /// <summary>How many bytes a value takes.</summary>
    /// <param name="value">The value.</param>
    /// <returns>1 to <see cref="MaxLength"/>.</returns>
    public static int Length(ulong value) => ((BitOperations.Log2(value | 1) * 9) + 73) >> 6;

    /// <summary>Writes a value.</summary>
    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    /// <param name="value">The value.</param>
    /// <returns>The bytes written.</returns>
    public static int Write(Span<byte> destination, ulong value)
    {
        int i = 0;
        while (value >= 0x80)
        {
            destination[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[i++] = (byte)value;
        return i;
    }

    /// <summary>Reads a value.</summary>
    /// <param name="source">The bytes, which may go on after the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="used">The bytes read.</param>
    /// <returns>Whether the source begins with a whole value in its one form.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out ulong value, out int used)
    {
        if (!source.IsEmpty && source[0] < 0x80)
        {
            value = source[0];
            used = 1;
            return true;
        }

        return TryReadLong(source, out value, out used);
    }

    private static bool TryReadLong(ReadOnlySpan<byte> source, out ulong value, out int used)
    {
        value = 0;
        used = 0;
        for (int shift = 0; used < source.Length && used < MaxLength; shift += 7)
        {
            byte b = source[used++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                // The tenth byte holds the 64th bit only, and a last byte of zero is a longer form of a shorter value.
                return b != 0 && (used < MaxLength || b == 1);
            }
        }

        return false;
    }
}
