using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace WsStorage.Robustness.Load;

/// <summary>What a key of <see cref="Scenarios.NearCache"/> holds. Each pair of keys has one writer, who writes both in one batch.</summary>
/// <param name="Key">The key's number; two and two are a pair.</param>
/// <param name="Version">From 1 on, densely.</param>
internal readonly record struct CachedValue(int Key, int Version)
{
    private const int Bytes = 8;

    /// <summary>A key, by its number.</summary>
    public static byte[] KeyOf(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"hot/{number:d4}"));

    /// <summary>Reads a value.</summary>
    /// <returns>It; version 0 of an absent one, whose key is taken for the one that was asked for.</returns>
    public static CachedValue Read(byte[]? value, int asked) => value is null
        ? new CachedValue(asked, 0)
        : new CachedValue(BinaryPrimitives.ReadInt32BigEndian(value), BinaryPrimitives.ReadInt32BigEndian(value.AsSpan(4)));

    /// <summary>Makes the value.</summary>
    public byte[] ToArray()
    {
        byte[] value = new byte[Bytes];
        BinaryPrimitives.WriteInt32BigEndian(value, Key);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(4), Version);
        return value;
    }
}
