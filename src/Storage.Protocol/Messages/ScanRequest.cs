namespace WsStorage.Protocol.Messages;

/// <summary>
/// Begins a scan. <c>scan = start end flags limit page-bytes credit</c>: two fields of bytes, four varints. Flag 1 is
/// reverse, flag 2 keys only; a limit of 0 is none; the credit is how many bytes of rows the server may send before it is
/// granted more.
/// </summary>
/// <param name="options">What to read and how.</param>
/// <param name="credit">The bytes of rows that the server may send.</param>
public readonly struct ScanRequest(ScanOptions options, long credit) : IMessage
{
    private const ulong ReverseFlag = 1;
    private const ulong KeysOnlyFlag = 2;

    /// <summary>What to read and how.</summary>
    public ScanOptions Options { get; } = options;

    /// <summary>The bytes of rows that the server may send.</summary>
    public long Credit { get; } = credit;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Scan;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.MeasureRange(Options.Range)
        + 1 + Varint.Length(WireLimit) + Varint.Length((ulong)Options.PageBytes) + Varint.Length((ulong)Credit);

    private ulong WireLimit => Options.Limit == long.MaxValue ? 0 : (ulong)Options.Limit;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its range is a copy.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>, or what
    /// <see cref="ScanOptions.Validate"/> finds.</exception>
    public static ScanRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        KeyRange range = reader.ReadRange();
        int flags = reader.ReadInt32("the flags of a scan", (int)(ReverseFlag | KeysOnlyFlag));
        ulong limit = reader.ReadVarint();
        int pageBytes = reader.ReadInt32("the size of a page");
        long credit = reader.ReadInt32("the credit of a scan");
        reader.ExpectEnd();
        var options = new ScanOptions
        {
            Range = range,
            Reverse = ((ulong)flags & ReverseFlag) != 0,
            KeysOnly = ((ulong)flags & KeysOnlyFlag) != 0,
            Limit = limit is 0 or > long.MaxValue ? long.MaxValue : (long)limit,
            PageBytes = pageBytes,
        };
        options.Validate();
        return new ScanRequest(options, credit);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteRange(Options.Range);
        writer.WriteVarint((Options.Reverse ? ReverseFlag : 0) | (Options.KeysOnly ? KeysOnlyFlag : 0));
        writer.WriteVarint(WireLimit);
        writer.WriteVarint((ulong)Options.PageBytes);
        writer.WriteVarint((ulong)Credit);
    }
}
