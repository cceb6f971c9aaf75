namespace WsStorage.Protocol.Messages;

/// <summary>
/// Grants a lease to the client's session. <c>lease-grant = lease time-to-live</c>: two varints, the first chosen at random by
/// the client and not 0, so that the request can be sent again without a second lease, and one can be ended whose reply never
/// came; the second in milliseconds.
/// </summary>
/// <param name="lease">The number of the lease.</param>
/// <param name="timeToLive">How long the lease lasts while the client is away.</param>
public readonly struct LeaseGrantRequest(ulong lease, TimeSpan timeToLive) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.LeaseGrant;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(lease) + BodyWriter.MeasureMilliseconds(timeToLive);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The number of the lease, and how long it is to last while the client is away.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static (ulong Lease, TimeSpan TimeToLive) Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        ulong lease = reader.ReadVarint();
        if (lease == 0)
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A lease has the number 0, which none has.");
        }

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
