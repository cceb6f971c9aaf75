namespace WsStorage.Protocol.Messages;

/// <summary>The answer to an invalidate. <c>invalidate-reply = watches</c>: a varint, how many watches are told.</summary>
/// <param name="watches">How many watches are told.</param>
public readonly struct InvalidateReply(int watches) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.InvalidateReply;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length((ulong)watches);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>How many watches are told.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static int Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        int watches = reader.ReadInt32("the number of watches");
        reader.ExpectEnd();
        return watches;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteVarint((ulong)watches);
}
