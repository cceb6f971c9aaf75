using System.Text;

namespace WsStorage.Testing;

/// <summary>Keys and values for tests: made short, compared in the storage's order, and shown so that a person can read
/// them.</summary>
public static class Bytes
{
    /// <summary>Compares as unsigned bytes, the shorter first: the order of keys.</summary>
    public static IComparer<byte[]> Order { get; } = Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y));

    /// <summary>A text in UTF-8.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Its bytes.</returns>
    public static byte[] Of(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A number under a prefix, padded so that keys of increasing numbers are in increasing order.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="number">The number, up to six digits.</param>
    /// <returns>Its bytes.</returns>
    public static byte[] Numbered(string prefix, int number) => Of($"{prefix}{number:d6}");

    /// <summary>Bytes in hexadecimal.</summary>
    /// <param name="digits">Two digits a byte; may be empty.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Hex(string digits) => Convert.FromHexString(digits);

    /// <summary>Bytes that look random and are the same every time.</summary>
    /// <param name="length">How many.</param>
    /// <param name="seed">Other seeds give other bytes.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Noise(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        ulong state = ((ulong)seed * 0x9E3779B97F4A7C15) | 1;
        for (int i = 0; i < length; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[i] = (byte)(state >> 32);
        }

        return bytes;
    }

    /// <summary>Shows bytes: in quotes when they are plain text, else in hexadecimal; long ones cut short.</summary>
    /// <param name="bytes">The bytes, or <see langword="null"/>.</param>
    /// <returns>For example <c>"abc"</c>, <c>0x00FF</c>, <c>none</c>.</returns>
    public static string Show(byte[]? bytes)
    {
        if (bytes is null)
        {
            return "none";
        }

        byte[] shown = bytes.Length > 32 ? bytes[..32] : bytes;
        string text = Array.TrueForAll(shown, b => b is > 0x20 and < 0x7F)
            ? $"\"{Encoding.ASCII.GetString(shown)}\""
            : $"0x{Convert.ToHexString(shown)}";
        return shown.Length == bytes.Length ? text : $"{text}... ({bytes.Length} bytes)";
    }
}
