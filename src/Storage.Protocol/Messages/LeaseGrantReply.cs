namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a lease-grant. <c>lease-grant-reply = lease time-to-live</c>: two varints, the second in milliseconds and
/// perhaps other than what was asked for.
/// </summary>
/// <param name="lease">The number of the lease.</param>
/// <param name="timeToLive">How long it lasts while the client is away.</param>
public readonly struct LeaseGrantReply(ulong lease, TimeSpan timeToLive) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.LeaseGrantReply;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(lease) + BodyWriter.MeasureMilliseconds(timeToLive);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The number of the lease, and how long it lasts while the client is away.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static (ulong Lease, TimeSpan TimeToLive) Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ulong lease = reader.ReadVarint();
        TimeSpan timeToLive = reader.ReadMilliseconds("the time to live of a lease");
        reader.ExpectEnd();
        return (lease, timeToLive);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(lease);
        writer.WriteMilliseconds(timeToLive);
    }
}
