namespace WsStorage.Protocol.Messages;

/// <summary>Lets the scan or the watch of the same id send more. <c>credit = bytes</c>: a varint. No reply of its own.</summary>
/// <param name="bytes">How many more bytes of rows, or of batches.</param>
public readonly struct CreditMessage(long bytes) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.Credit;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length((ulong)bytes);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>How many more bytes of rows, or of batches.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static long Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        long bytes = reader.ReadInt32("a credit");
        reader.ExpectEnd();
        return bytes;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteVarint((ulong)bytes);
}
