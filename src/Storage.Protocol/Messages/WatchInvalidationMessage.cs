namespace WsStorage.Protocol.Messages;

/// <summary>
/// Tells a watch that asked for it what its client is to read again. <c>watch-invalidation = ranges</c>, where
/// <c>ranges = count count*(start end)</c>, at least one. Everything is the range of two empty fields.
/// </summary>
/// <param name="ranges">What to read again.</param>
public readonly struct WatchInvalidationMessage(IReadOnlyList<KeyRange> ranges) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.WatchInvalidation;

    /// <inheritdoc/>
    public int BodyLength => RangeList.Measure(ranges);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body; copied.</param>
    /// <returns>The ranges.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static KeyRange[] Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        KeyRange[] ranges = RangeList.Read(ref reader);
        reader.ExpectEnd();
        return ranges;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => RangeList.Write(ref writer, ranges);
}
