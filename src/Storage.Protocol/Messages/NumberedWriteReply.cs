namespace WsStorage.Protocol.Messages;

/// <summary>The answer to a numbered write: the same as a <see cref="WriteReply"/>, of another type.</summary>
/// <param name="result">The result.</param>
public readonly struct NumberedWriteReply(WriteResult result) : IMessage
{
    private readonly WriteReply _reply = new(result);

    /// <inheritdoc/>
    public MessageType Type => MessageType.NumberedWriteReply;

    /// <inheritdoc/>
    public int BodyLength => _reply.BodyLength;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The result.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static WriteResult Read(ReadOnlySpan<byte> body) => WriteReply.Read(body);

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => _reply.WriteBody(ref writer);
}
