namespace WsStorage.Protocol.Messages;

/// <summary>
/// The end of a scan or a watch. <c>end = cancelled</c>: a varint, 0 when all rows were sent, 1 after a cancel. A watch ends
/// in no other way than by a cancel or an error.
/// </summary>
/// <param name="cancelled">Whether it ended because of a cancel.</param>
public readonly struct EndMessage(bool cancelled) : IMessage
{
    /// <summary>Whether it ended because of a cancel.</summary>
    public bool Cancelled { get; } = cancelled;

    /// <inheritdoc/>
    public MessageType Type => MessageType.End;

    /// <inheritdoc/>
    public int BodyLength => 1;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static EndMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        bool cancelled = reader.ReadInt32("the end of a scan or a watch", 1) == 1;
        reader.ExpectEnd();
        return new EndMessage(cancelled);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteVarint(Cancelled ? 1u : 0u);
}
