using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace WsStorage.Robustness.Load;

/// <summary>What a counter's key holds: the count, and who made it so. No two increments ever write the same value.</summary>
/// <param name="Count">The count.</param>
/// <param name="Worker">Who incremented it last, from 0 on.</param>
/// <param name="Sequence">The increment's number at its worker, from 1 on, densely.</param>
internal readonly record struct CounterValue(long Count, int Worker, int Sequence)
{
    /// <summary>The prefix of all counters.</summary>
    public const string Prefix = "counter/";

    private const int Bytes = 16;

    /// <summary>A counter's key.</summary>
    public static byte[] KeyOf(int counter) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{counter:d4}"));

    /// <summary>A counter, by its key.</summary>
    public static int CounterOf(ReadOnlySpan<byte> key) => int.Parse(key[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Reads a value.</summary>
    public static CounterValue Read(ReadOnlySpan<byte> value) => new(
        BinaryPrimitives.ReadInt64BigEndian(value),
        BinaryPrimitives.ReadInt32BigEndian(value[8..]),
        BinaryPrimitives.ReadInt32BigEndian(value[12..]));

    /// <summary>Makes the value.</summary>
    public byte[] ToArray()
    {
        byte[] value = new byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(value, Count);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(8), Worker);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(12), Sequence);
        return value;
    }
}
