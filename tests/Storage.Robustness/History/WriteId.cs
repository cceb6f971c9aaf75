using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace WsStorage.Robustness.History;

/// <summary>Names one write among all of a run: who made it, and its number there. Stands at the start of each value.</summary>
/// <param name="Writer">The writer.</param>
/// <param name="Number">The number of the write, from 1 on, densely.</param>
internal readonly record struct WriteId(int Writer, int Number)
{
    /// <summary>How many bytes it takes.</summary>
    public const int Bytes = 8;

    /// <summary>Reads it from the start of a value.</summary>
    public static WriteId Read(ReadOnlySpan<byte> value) =>
        new(BinaryPrimitives.ReadInt32BigEndian(value), BinaryPrimitives.ReadInt32BigEndian(value[4..]));

    /// <summary>Writes it to the start of a value.</summary>
    public void Write(Span<byte> value)
    {
        BinaryPrimitives.WriteInt32BigEndian(value, Writer);
        BinaryPrimitives.WriteInt32BigEndian(value[4..], Number);
    }

    /// <summary>For people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"write {Number} of writer {Writer}");
}

/// <summary>
/// Where writers leave their marks: each write sets its writer's key here to its id, so that the log says of each batch which
/// write it is.
/// </summary>
internal static class Ledger
{
    /// <summary>The keys of all writers.</summary>
    public const string Prefix = "ledger/";

    /// <summary>A writer's key.</summary>
    public static byte[] KeyOf(int writer) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{writer:d4}"));

    /// <summary>Whether a key is a writer's.</summary>
    public static bool Holds(ReadOnlySpan<byte> key) => key.StartsWith("ledger/"u8);
}
