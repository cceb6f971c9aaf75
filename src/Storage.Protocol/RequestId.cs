using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace WsStorage.Protocol;

/// <summary>
/// The id of a request: up to 16 Base64 digits that its client chose. A server echoes it and never reads it; a client that
/// numbers its requests writes the number in base 64, the highest digit first.
/// </summary>
public readonly struct RequestId : IEquatable<RequestId>
{
    private static readonly sbyte[] DigitValues = MakeDigitValues();

    private readonly UInt128 _digits;
    private readonly byte _length;

    private RequestId(ReadOnlySpan<byte> digits)
    {
        Span<byte> padded = stackalloc byte[ProtocolConstants.MaxIdDigits];
        padded.Clear();
        digits.CopyTo(padded);
        _digits = BinaryPrimitives.ReadUInt128LittleEndian(padded);
        _length = (byte)digits.Length;
    }

    /// <summary>The id of a message that belongs to no request: no digits.</summary>
    public static RequestId None => default;

    /// <summary>How many digits there are, 0 to 16.</summary>
    public int Length => _length;

    private static ReadOnlySpan<byte> Digits => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    /// <summary>Whether a byte is a digit of Base64 (RFC 4648 section 4, without padding).</summary>
    /// <param name="value">The byte.</param>
    /// <returns>Whether it is.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsDigit(byte value) => DigitValues[value] >= 0;

    /// <summary>The id of a number.</summary>
    /// <param name="number">The number.</param>
    /// <returns>Its digits in base 64, the highest first, without leading zeros; at least one.</returns>
    public static RequestId FromNumber(ulong number)
    {
        Span<byte> digits = stackalloc byte[11];
        int start = digits.Length;
        do
        {
            digits[--start] = Digits[(int)(number & 63)];
            number >>= 6;
        }
        while (number != 0);
        return new RequestId(digits[start..]);
    }

    /// <summary>Takes an id from its digits.</summary>
    /// <param name="digits">At most 16 bytes, all of them digits.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentException">There are more, or others.</exception>
    public static RequestId FromDigits(ReadOnlySpan<byte> digits)
    {
        if (digits.Length > ProtocolConstants.MaxIdDigits)
        {
            throw new ArgumentException($"A request id has at most {ProtocolConstants.MaxIdDigits} digits.", nameof(digits));
        }

        foreach (byte digit in digits)
        {
            if (!IsDigit(digit))
            {
                throw new ArgumentException("A request id consists of Base64 digits.", nameof(digits));
            }
        }

        return new RequestId(digits);
    }

    /// <summary>The number that <see cref="FromNumber"/> wrote.</summary>
    /// <param name="number">The number.</param>
    /// <returns>Whether the digits are a number in its one form.</returns>
    public bool TryGetNumber(out ulong number)
    {
        number = 0;
        if (_length is 0 or > 11)
        {
            return false;
        }

        UInt128 rest = _digits;
        for (int i = 0; i < _length; i++, rest >>= 8)
        {
            if (number >> 58 != 0)
            {
                return false;
            }

            number = (number << 6) | (byte)DigitValues[(byte)rest];
        }

        return _length == 1 || (byte)_digits != (byte)'A';
    }

    /// <summary>Writes the digits.</summary>
    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        UInt128 digits = _digits;
        MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref digits, 1))[.._length].CopyTo(destination);
    }

    /// <inheritdoc/>
    public bool Equals(RequestId other) => _digits == other._digits && _length == other._length;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RequestId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _digits.GetHashCode();

    /// <summary>The digits.</summary>
    /// <returns>The digits as text.</returns>
    public override string ToString()
    {
        Span<byte> digits = stackalloc byte[ProtocolConstants.MaxIdDigits];
        CopyTo(digits);
        return Encoding.ASCII.GetString(digits[.._length]);
    }

    /// <summary>Whether two ids have the same digits.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(RequestId left, RequestId right) => left.Equals(right);

    /// <summary>Whether two ids differ.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(RequestId left, RequestId right) => !left.Equals(right);

    internal static RequestId FromCheckedDigits(ReadOnlySpan<byte> digits) => new(digits);

    private static sbyte[] MakeDigitValues()
    {
        var values = new sbyte[256];
        Array.Fill(values, (sbyte)-1);
        for (int i = 0; i < Digits.Length; i++)
        {
            values[Digits[i]] = (sbyte)i;
        }

        return values;
    }
}
