namespace WsStorage.Protocol.Messages;

/// <summary>
/// Hashes of consecutive ranges. <c>range-hash-page = revision count hashes</c>: two varints and a field of bytes, in which each
/// hash is <c>end rows hash</c>: a field and two varints. Each range begins where the one before ends, the first of all where
/// the request says. At least one hash.
/// </summary>
/// <param name="revision">The revision that the whole walk reads.</param>
/// <param name="count">The hashes.</param>
/// <param name="hashes">The hashes, packed.</param>
public readonly ref struct RangeHashPageMessage(Revision revision, int count, ReadOnlySpan<byte> hashes) : IMessage
{
    /// <summary>The revision that the whole walk reads.</summary>
    public Revision Revision { get; } = revision;

    /// <summary>How many hashes there are.</summary>
    public int Count { get; } = count;

    /// <summary>The hashes, packed.</summary>
    public ReadOnlySpan<byte> Hashes { get; } = hashes;

    /// <inheritdoc/>
    public MessageType Type => MessageType.RangeHashPage;

    /// <inheritdoc/>
    public int BodyLength =>
        Varint.Length(Revision.Value) + Varint.Length((ulong)Count) + BodyWriter.MeasureBytes(Hashes);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its hashes are a slice of the body and were walked once, so they are whole.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static RangeHashPageMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var revision = new Revision(reader.ReadVarint());
        int count = reader.ReadInt32("the number of hashes", body.Length);
        ReadOnlySpan<byte> hashes = reader.ReadBytes();
        reader.ExpectEnd();
        var hashReader = new BodyReader(hashes);
        for (int i = 0; i < count; i++)
        {
            ReadHash(ref hashReader, out _, out _);
        }

        hashReader.ExpectEnd();
        return count > 0 ? new RangeHashPageMessage(revision, count, hashes) : throw BodyReader.Malformed("a page has no hash");
    }

    /// <summary>The bytes that a hash takes.</summary>
    /// <param name="hash">The hash.</param>
    /// <returns>The length of its three fields.</returns>
    public static int MeasureHash(in RangeHash hash) =>
        BodyWriter.MeasureBytes(hash.Range.End.Span) + Varint.Length((ulong)hash.Rows) + Varint.Length(hash.Hash);

    /// <summary>Packs a hash.</summary>
    /// <param name="writer">Takes <see cref="MeasureHash"/> bytes.</param>
    /// <param name="hash">The hash.</param>
    public static void WriteHash(ref BodyWriter writer, in RangeHash hash)
    {
        writer.WriteBytes(hash.Range.End.Span);
        writer.WriteVarint((ulong)hash.Rows);
        writer.WriteVarint(hash.Hash);
    }

    /// <summary>Unpacks the hashes.</summary>
    /// <param name="start">Where the first of the ranges begins: the end of the last one of the page before.</param>
    /// <returns>The hashes; their bounds are copies.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the ranges do not follow each
    /// other.</exception>
    public RangeHash[] Unpack(ReadOnlyMemory<byte> start)
    {
        var reader = new BodyReader(Hashes);
        var unpacked = new RangeHash[Count];
        for (int i = 0; i < unpacked.Length; i++)
        {
            byte[] end = ReadHash(ref reader, out long rows, out ulong hash).ToArray();
            var range = KeyRange.Between(start, end);
            if (range.IsEmpty)
            {
                throw BodyReader.Malformed("a range of a range-hash ends where it begins or before");
            }

            // Nothing follows a range that has no end.
            if (end.Length == 0 && i < unpacked.Length - 1)
            {
                throw BodyReader.Malformed("a range of a range-hash follows the last");
            }

            unpacked[i] = new RangeHash(Revision, range, rows, hash);
            start = end;
        }

        return unpacked;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(Revision.Value);
        writer.WriteVarint((ulong)Count);
        writer.WriteBytes(Hashes);
    }

    private static ReadOnlySpan<byte> ReadHash(scoped ref BodyReader reader, out long rows, out ulong hash)
    {
        ReadOnlySpan<byte> end = reader.ReadBytes();
        if (end.Length > StorageLimits.MaxKeyBytes + 1)
        {
            throw BodyReader.Malformed($"a range ends at a key of {end.Length} bytes");
        }

        rows = reader.ReadInt64("the number of rows");
        hash = reader.ReadVarint();
        return end;
    }
}
