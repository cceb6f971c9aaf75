namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a write. <c>write-reply = revision refused</c>: two varints; the second is 0 when the batch was applied,
/// else one more than the place of the precondition that did not hold.
/// </summary>
/// <param name="result">The result.</param>
public readonly struct WriteReply(WriteResult result) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.WriteReply;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(result.Revision.Value) + Varint.Length((ulong)(result.FailedPrecondition + 1));

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The result.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static WriteResult Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var revision = new Revision(reader.ReadVarint());
        int refused = reader.ReadInt32("the place of a precondition");
        reader.ExpectEnd();
        return refused == 0 ? WriteResult.AppliedAt(revision) : WriteResult.RefusedAt(revision, refused - 1);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(result.Revision.Value);
        writer.WriteVarint((ulong)(result.FailedPrecondition + 1));
    }
}
