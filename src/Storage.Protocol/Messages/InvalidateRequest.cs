namespace WsStorage.Protocol.Messages;

/// <summary>
/// Asks all clients that watch some ranges, and asked for invalidations, to read them again. <c>invalidate = ranges</c>, as in a
/// <see cref="WatchInvalidationMessage"/>.
/// </summary>
/// <param name="ranges">What to read again, 1 to <see cref="MaxRanges"/>.</param>
public readonly struct InvalidateRequest(IReadOnlyList<KeyRange> ranges) : IMessage
{
    /// <summary>The most ranges in one request.</summary>
    public const int MaxRanges = RangeList.MaxCount;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Invalidate;

    /// <inheritdoc/>
    public int BodyLength => RangeList.Measure(ranges);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body; copied.</param>
    /// <returns>The ranges.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static KeyRange[] Read(ReadOnlySpan<byte> body) => WatchInvalidationMessage.Read(body);

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => RangeList.Write(ref writer, ranges);
}
