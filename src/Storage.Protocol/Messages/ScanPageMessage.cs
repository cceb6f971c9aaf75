namespace WsStorage.Protocol.Messages;

/// <summary>
/// A page of a scan. <c>scan-page = revision count rows</c>: two varints and a field of bytes, in which each row is a field
/// for the key and one for the value. At least one row.
/// </summary>
/// <param name="revision">The revision that the whole scan reads.</param>
/// <param name="count">The rows.</param>
/// <param name="rows">The rows, packed.</param>
public readonly ref struct ScanPageMessage(Revision revision, int count, ReadOnlySpan<byte> rows) : IMessage
{
    /// <summary>The revision that the whole scan reads.</summary>
    public Revision Revision { get; } = revision;

    /// <summary>How many rows there are.</summary>
    public int Count { get; } = count;

    /// <summary>The rows, packed.</summary>
    public ReadOnlySpan<byte> Rows { get; } = rows;

    /// <inheritdoc/>
    public MessageType Type => MessageType.ScanPage;

    /// <inheritdoc/>
    public int BodyLength =>
        Varint.Length(Revision.Value) + Varint.Length((ulong)Count) + BodyWriter.MeasureBytes(Rows);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its rows are a slice of the body and were walked once, so they are whole.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static ScanPageMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var revision = new Revision(reader.ReadVarint());
        int count = reader.ReadInt32("the number of rows", body.Length);
        ReadOnlySpan<byte> rows = reader.ReadBytes();
        reader.ExpectEnd();
        var rowReader = new BodyReader(rows);
        for (int i = 0; i < count; i++)
        {
            rowReader.ReadBytes();
            rowReader.ReadBytes();
        }

        rowReader.ExpectEnd();
        return count > 0 ? new ScanPageMessage(revision, count, rows) : throw BodyReader.Malformed("a page has no row");
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(Revision.Value);
        writer.WriteVarint((ulong)Count);
        writer.WriteBytes(Rows);
    }
}
