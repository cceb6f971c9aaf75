using System.Text;

namespace WsStorage.Protocol;

/// <summary>Writes the fields of a body into memory of exactly its length.</summary>
/// <param name="destination">The memory.</param>
public ref struct BodyWriter(Span<byte> destination)
{
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

    /// <summary>Writes an epoch: a field of 16 bytes, in the order in which its hexadecimal form is read.</summary>
    /// <param name="epoch">The epoch.</param>
    public void WriteEpoch(Guid epoch)
    {
        Span<byte> bytes = stackalloc byte[16];
        epoch.TryWriteBytes(bytes, bigEndian: true, out _);
        WriteBytes(bytes);
    }
}
