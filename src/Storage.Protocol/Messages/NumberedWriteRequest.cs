namespace WsStorage.Protocol.Messages;

/// <summary>
/// Applies a batch once, however often it is sent. <c>numbered-write = number acknowledged-through flags preconditions
/// operations</c>: three varints, then what a <see cref="WriteRequest"/> has. Flag 1: it may have been sent before; flag 2: no
/// numbered write of the client has been answered yet. Which session it belongs to, the hello has said.
/// </summary>
public static class NumberedWriteRequest
{
    /// <summary>The most bytes that stand before what a <see cref="WriteRequest"/> has.</summary>
    public const int MaxHeaderBytes = (2 * Varint.MaxLength) + 1;

    private const int ResendFlag = 1;
    private const int UnansweredFlag = 2;

    /// <summary>Writes what stands before the body of a <see cref="WriteRequest"/>.</summary>
    /// <param name="destination">At least <see cref="MaxHeaderBytes"/>.</param>
    /// <param name="stamp">The write; its session is not sent.</param>
    /// <returns>The bytes written.</returns>
    public static int WriteHeader(Span<byte> destination, in WriteStamp stamp)
    {
        int used = Varint.Write(destination, stamp.Number);
        used += Varint.Write(destination[used..], stamp.AcknowledgedThrough);
        destination[used++] = (byte)((stamp.IsResend ? ResendFlag : 0) | (stamp.IsUnanswered ? UnansweredFlag : 0));
        return used;
    }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body; copied.</param>
    /// <param name="session">The session that the write belongs to.</param>
    /// <param name="batch">Is given the batch and its stamp.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static void Read(ReadOnlySpan<byte> body, Guid session, WriteBatch batch)
    {
        var reader = new BodyReader(body);
        ulong number = reader.ReadVarint();
        ulong acknowledged = reader.ReadVarint();
        int flags = reader.ReadInt32("the flags of a numbered write", ResendFlag | UnansweredFlag);
        if (number == 0 || acknowledged >= number)
        {
            throw BodyReader.Malformed($"a write has the number {number}, and all up to {acknowledged} are acknowledged");
        }

        WriteRequest.Read(body[^reader.Remaining..], batch);
        batch.Stamp = new WriteStamp(session, number, acknowledged, (flags & ResendFlag) != 0, (flags & UnansweredFlag) != 0);
    }
}
