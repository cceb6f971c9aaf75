namespace WsStorage.Protocol.Messages;

/// <summary>
/// Ends a lease of the client's session, and removes what is bound to it. <c>lease-end = lease</c>: a varint. Answered by a
/// message without a body once that is durable; of a lease that has ended already, too.
/// </summary>
/// <param name="lease">The number of the lease.</param>
public readonly struct LeaseEndRequest(ulong lease) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.LeaseEnd;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(lease);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The number of the lease.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static ulong Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ulong lease = reader.ReadVarint();
        reader.ExpectEnd();
        return lease;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteVarint(lease);
}
