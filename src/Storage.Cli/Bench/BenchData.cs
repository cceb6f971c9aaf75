using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace WsStorage.Cli.Bench;

/// <summary>Keys of 16 bytes, and values that can be checked without remembering them.</summary>
internal static class BenchData
{
    public const int KeyBytes = 16;

    private const int NonceBytes = 8;

    // Shorter values have no room for a pattern that would betray a change of the nonce.
    private const int MinPatternedBytes = 16;

    private static ReadOnlySpan<byte> Prefix => "wsbench:"u8;

    /// <summary>The keys of a run of some size, and no others.</summary>
    public static KeyRange Range(long keys)
    {
        byte[] start = new byte[KeyBytes];
        byte[] end = new byte[KeyBytes];
        WriteKey(start, 0);
        WriteKey(end, (uint)(keys - 1));
        return KeyRange.Between(start, KeyRange.Single(end).End);
    }

    public static void WriteKey(Span<byte> key, uint index)
    {
        Prefix.CopyTo(key);
        Utf8Formatter.TryFormat(index, key[Prefix.Length..], out _, new System.Buffers.StandardFormat('x', 8));
    }

    /// <summary>Fills a value: a nonce, and a pattern that follows from the nonce and the key.</summary>
    public static void WriteValue(Span<byte> value, uint index, ulong nonce)
    {
        if (value.Length < MinPatternedBytes)
        {
            value.Fill((byte)index);
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(value, nonce);
        Span<byte> pattern = value[NonceBytes..];
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(pattern);
        ulong state = Seed(index, nonce);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Step(ref state);
        }

        pattern[(words.Length * sizeof(ulong))..].Fill((byte)state);
    }

    /// <summary>Whether a value is whole, and one that was written under this key.</summary>
    public static bool IsValid(ReadOnlySpan<byte> value, int length, uint index)
    {
        if (value.Length != length)
        {
            return false;
        }

        if (value.Length < MinPatternedBytes)
        {
            return !value.ContainsAnyExcept((byte)index);
        }

        ulong state = Seed(index, BinaryPrimitives.ReadUInt64LittleEndian(value));
        ReadOnlySpan<byte> pattern = value[NonceBytes..];
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(pattern);
        foreach (ulong word in words)
        {
            if (word != Step(ref state))
            {
                return false;
            }
        }

        return !pattern[(words.Length * sizeof(ulong))..].ContainsAnyExcept((byte)state);
    }

    /// <summary>Goes on in a sequence of random numbers: xorshift64.</summary>
    public static ulong Step(ref ulong state)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    }

    private static ulong Seed(uint index, ulong nonce) => (nonce ^ ((index + 1UL) * 0x9E3779B97F4A7C15)) | 1;
}
