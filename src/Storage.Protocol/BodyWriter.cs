using System.Text;

namespace WsStorage.Protocol;

/// <summary>Writes the fields of a body into memory of exactly its length.</summary>
/// <param name="destination">The memory.</param>
public ref struct BodyWriter(Span<byte> destination)
{
    /// <summary>The length of a UUID as a field.</summary>
    public const int UuidLength = 17;

    private readonly Span<byte> _destination = destination;

    /// <summary>The bytes written.</summary>
    public int Written { get; private set; }

    /// <summary>The length of a field of bytes.</summary>
    /// <param name="field">The bytes.</param>
    /// <returns>Its length and that of its prefix.</returns>
    public static int MeasureBytes(ReadOnlySpan<byte> field) => Varint.Length((ulong)field.Length) + field.Length;

    /// <summary>The length of a field of text.</summary>
    /// <param name="field">The text.</param>
    /// <returns>Its length in UTF-8 and that of its prefix.</returns>
    public static int MeasureText(string field)
    {
        int length = Encoding.UTF8.GetByteCount(field);
        return Varint.Length((ulong)length) + length;
    }

    /// <summary>The length of a position.</summary>
    /// <param name="position">The position.</param>
    /// <returns>The length of its three fields.</returns>
    public static int MeasurePosition(Position position) =>
        UuidLength + Varint.Length(position.Revision.Value) + Varint.Length(position.Hash);

    /// <summary>The length of a range of keys.</summary>
    /// <param name="range">The range.</param>
    /// <returns>The length of its two fields.</returns>
    public static int MeasureRange(KeyRange range) => MeasureBytes(range.Start.Span) + MeasureBytes(range.End.Span);

    /// <summary>The length of a time.</summary>
    /// <param name="time">The time, not negative.</param>
    /// <returns>The length of its milliseconds.</returns>
    public static int MeasureMilliseconds(TimeSpan time) => Varint.Length((ulong)(time.Ticks / TimeSpan.TicksPerMillisecond));

    /// <summary>Writes an unsigned number.</summary>
    /// <param name="value">The number.</param>
    public void WriteVarint(ulong value) => Written += Varint.Write(_destination[Written..], value);

    /// <summary>Writes a field of bytes: a varint length and the bytes.</summary>
    /// <param name="field">The bytes.</param>
    public void WriteBytes(scoped ReadOnlySpan<byte> field)
    {
        WriteVarint((ulong)field.Length);
        field.CopyTo(_destination[Written..]);
        Written += field.Length;
    }

    /// <summary>Writes a field of text: a varint length and the text in UTF-8.</summary>
    /// <param name="field">The text.</param>
    public void WriteText(string field)
    {
        WriteVarint((ulong)Encoding.UTF8.GetByteCount(field));
        Written += Encoding.UTF8.GetBytes(field, _destination[Written..]);
    }

    /// <summary>Writes an epoch: a UUID.</summary>
    /// <param name="epoch">The epoch.</param>
    public void WriteEpoch(Guid epoch) => WriteUuid(epoch);

    /// <summary>Writes a UUID: a field of 16 bytes, in the order in which its hexadecimal form is read.</summary>
    /// <param name="uuid">The UUID.</param>
    public void WriteUuid(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        WriteBytes(bytes);
    }

    /// <summary>Writes a position: epoch, revision, hash.</summary>
    /// <param name="position">The position.</param>
    public void WritePosition(Position position)
    {
        WriteEpoch(position.Epoch);
        WriteVarint(position.Revision.Value);
        WriteVarint(position.Hash);
    }

    /// <summary>Writes a range of keys: its start and its end.</summary>
    /// <param name="range">The range.</param>
    public void WriteRange(KeyRange range)
    {
        WriteBytes(range.Start.Span);
        WriteBytes(range.End.Span);
    }

    /// <summary>Writes a time as its whole milliseconds.</summary>
    /// <param name="time">The time, not negative.</param>
    public void WriteMilliseconds(TimeSpan time) => WriteVarint((ulong)(time.Ticks / TimeSpan.TicksPerMillisecond));
}
