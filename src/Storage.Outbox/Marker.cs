using System.Buffers.Binary;
using System.Text;

namespace WsStorage.Outbox;

/// <summary>
/// What stands at the target for how far an outbox is delivered: under <c>0xFF wsstorage/outbox/</c> and the id in 32 hexadecimal
/// digits, the sequence and the link of the last record, eight bytes each, big-endian. It changes in the batch that delivers the
/// record and is that batch's first precondition, so no record is applied twice, or after a later one.
/// </summary>
internal static class Marker
{
    private const int ValueBytes = 16;

    public static byte[] KeyOf(Guid id) => [.. ReservedKeys.Prefix, .. "outbox/"u8, .. Encoding.ASCII.GetBytes(id.ToString("N"))];

    public static byte[] Write(RecordPoint point)
    {
        byte[] value = new byte[ValueBytes];
        BinaryPrimitives.WriteUInt64BigEndian(value, point.Sequence);
        BinaryPrimitives.WriteUInt64BigEndian(value.AsSpan(8), point.Link);
        return value;
    }

    /// <summary>Reads a marker.</summary>
    /// <returns>The place; <see langword="null"/> when these bytes are no marker.</returns>
    public static RecordPoint? Read(ReadOnlySpan<byte> value) => value.Length == ValueBytes
        ? new RecordPoint(BinaryPrimitives.ReadUInt64BigEndian(value), BinaryPrimitives.ReadUInt64BigEndian(value[8..]))
        : null;
}
