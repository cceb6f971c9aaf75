namespace WsStorage.Protocol.Messages;

/// <summary>
/// Begins to hash the rows of a range. <c>range-hash = start end rows-per-hash credit</c>: two fields of bytes, two varints. The
/// credit is how many bytes of hashes the server may send before it is granted more.
/// </summary>
/// <param name="options">What to hash and how finely.</param>
/// <param name="credit">The bytes of hashes that the server may send.</param>
public readonly struct RangeHashRequest(RangeHashOptions options, long credit) : IMessage
{
    /// <summary>What to hash and how finely.</summary>
    public RangeHashOptions Options { get; } = options;

    /// <summary>The bytes of hashes that the server may send.</summary>
    public long Credit { get; } = credit;

    /// <inheritdoc/>
    public MessageType Type => MessageType.RangeHash;

    /// <inheritdoc/>
    public int BodyLength =>
        BodyWriter.MeasureRange(Options.Range) + Varint.Length((ulong)Options.RowsPerHash) + Varint.Length((ulong)Credit);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its range is a copy.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>, or what
    /// <see cref="RangeHashOptions.Validate"/> finds.</exception>
    public static RangeHashRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var options = new RangeHashOptions
        {
            Range = reader.ReadRange(),
            RowsPerHash = reader.ReadInt32("the rows per hash"),
        };
        long credit = reader.ReadInt32("the credit of a range-hash");
        reader.ExpectEnd();
        options.Validate();
        return new RangeHashRequest(options, credit);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteRange(Options.Range);
        writer.WriteVarint((ulong)Options.RowsPerHash);
        writer.WriteVarint((ulong)Credit);
    }
}
