namespace WsStorage.Protocol.Messages;

/// <summary>
/// Releases a checkpoint. <c>checkpoint-release = checkpoint</c>: 16 bytes. Answered by a message without a body; of a checkpoint
/// that is not there any more, too.
/// </summary>
/// <param name="checkpoint">The id of the checkpoint.</param>
public readonly struct CheckpointReleaseRequest(Guid checkpoint) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.CheckpointRelease;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.UuidLength;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The id of the checkpoint.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static Guid Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        Guid checkpoint = reader.ReadUuid("the id of a checkpoint");
        reader.ExpectEnd();
        return checkpoint;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteUuid(checkpoint);
}
