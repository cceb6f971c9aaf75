namespace WsStorage.Protocol.Messages;

/// <summary>The end of a scan. <c>scan-end = cancelled</c>: a varint, 0 when all rows were sent, 1 after a cancel.</summary>
/// <param name="cancelled">Whether the scan ended because of a cancel.</param>
public readonly struct ScanEndMessage(bool cancelled) : IMessage
{
    /// <summary>Whether the scan ended because of a cancel.</summary>
    public bool Cancelled { get; } = cancelled;

    /// <inheritdoc/>
    public MessageType Type => MessageType.ScanEnd;

    /// <inheritdoc/>
    public int BodyLength => 1;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static ScanEndMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        bool cancelled = reader.ReadInt32("the end of a scan", 1) == 1;
        reader.ExpectEnd();
        return new ScanEndMessage(cancelled);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteVarint(Cancelled ? 1u : 0u);
}
