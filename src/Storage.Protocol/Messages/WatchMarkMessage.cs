namespace WsStorage.Protocol.Messages;

/// <summary>
/// How far a watch is complete. <c>watch-mark = epoch revision hash</c>: a position. The first message of a watch is one, and
/// says what the watch begins after.
/// </summary>
/// <param name="position">All has been told up to here.</param>
public readonly struct WatchMarkMessage(Position position) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.WatchMark;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.MeasurePosition(position);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The position.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static Position Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        Position position = reader.ReadPosition();
        reader.ExpectEnd();
        return position;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WritePosition(position);
}
