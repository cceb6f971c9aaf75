using System.Buffers.Binary;
using WsStorage.Core;

namespace WsStorage.Cli.Transfer;

/// <summary>Writes the binary export format; a page of a scan is a block as it stands.</summary>
internal sealed class BinaryRowWriter(Stream output) : IRowWriter
{
    private ulong _rows;
    private ulong _hash;

    public void Begin(Guid epoch, Revision revision)
    {
        Span<byte> fields = stackalloc byte[BinaryFormat.HeaderFields];
        fields[0] = BinaryFormat.Version;
        epoch.TryWriteBytes(fields[1..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[17..], revision.Value);
        output.Write(BinaryFormat.Magic);
        output.Write(fields);
        _hash = XxHash64.Hash(fields, ChainHash.Seed);
        WriteHash();
    }

    public void Write(ScanPage page)
    {
        output.WriteByte(BinaryFormat.Block);
        WriteVarint((ulong)page.Rows.Length);
        output.Write(page.Rows.Span);
        _hash = XxHash64.Hash(page.Rows.Span, _hash);
        WriteHash();
        _rows += (ulong)page.Count;
    }

    public void End()
    {
        Span<byte> count = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(count, _rows);
        output.WriteByte(BinaryFormat.End);
        output.Write(count);
        _hash = XxHash64.Hash(count, _hash);
        WriteHash();
    }

    private void WriteVarint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[Varint.MaxLength];
        output.Write(bytes[..Varint.Write(bytes, value)]);
    }

    private void WriteHash()
    {
        Span<byte> bytes = stackalloc byte[BinaryFormat.HashBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _hash);
        output.Write(bytes);
    }
}
