using System.Buffers.Binary;
using System.Numerics;

namespace WsStorage;

/// <summary>
/// The hash that the library stores and sends: fast, and no guard against an attacker. Its results never change.
/// </summary>
/// <remarks>Source: the xxHash fast digest algorithm specification, section "XXH64 algorithm description".</remarks>
public static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;

    /// <summary>Hashes bytes.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The hash.</returns>
    public static ulong Hash(ReadOnlySpan<byte> data, ulong seed)
    {
        ulong length = (ulong)data.Length;
        ulong hash;
        if (data.Length >= 32)
        {
            ulong a = unchecked(seed + Prime1 + Prime2);
            ulong b = unchecked(seed + Prime2);
            ulong c = seed;
            ulong d = unchecked(seed - Prime1);
            do
            {
                a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(data));
                b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(data[8..]));
                c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(data[16..]));
                d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(data[24..]));
                data = data[32..];
            }
            while (data.Length >= 32);

            hash = unchecked(BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
                + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18));
            hash = Merge(Merge(Merge(Merge(hash, a), b), c), d);
        }
        else
        {
            hash = unchecked(seed + Prime5);
        }

        return Avalanche(Tail(unchecked(hash + length), data));
    }

    private static ulong Tail(ulong hash, ReadOnlySpan<byte> data)
    {
        unchecked
        {
            for (; data.Length >= 8; data = data[8..])
            {
                hash ^= Round(0, BinaryPrimitives.ReadUInt64LittleEndian(data));
                hash = (BitOperations.RotateLeft(hash, 27) * Prime1) + Prime4;
            }

            if (data.Length >= 4)
            {
                hash ^= BinaryPrimitives.ReadUInt32LittleEndian(data) * Prime1;
                hash = (BitOperations.RotateLeft(hash, 23) * Prime2) + Prime3;
                data = data[4..];
            }

            foreach (byte b in data)
            {
                hash ^= b * Prime5;
                hash = BitOperations.RotateLeft(hash, 11) * Prime1;
            }

            return hash;
        }
    }

    /// <summary>Mixes a number into a lane, as the algorithm does with each word of its input.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="input">The number.</param>
    /// <returns>The lane after it.</returns>
    public static ulong Round(ulong lane, ulong input) =>
        unchecked(BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1);

    private static ulong Merge(ulong hash, ulong lane) => unchecked(((hash ^ Round(0, lane)) * Prime1) + Prime4);

    private static ulong Avalanche(ulong hash)
    {
        unchecked
        {
            hash = (hash ^ (hash >> 33)) * Prime2;
            hash = (hash ^ (hash >> 29)) * Prime3;
            return hash ^ (hash >> 32);
        }
    }
}
