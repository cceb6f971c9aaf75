namespace WsStorage.Protocol.Messages;

/// <summary>
/// Applies a batch. <c>write = preconditions operations</c>: two fields of bytes, packed as <see cref="PreconditionKind"/>
/// and <see cref="BatchOperationKind"/> say.
/// </summary>
/// <param name="batch">The batch.</param>
public readonly struct WriteRequest(WriteBatch batch) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.Write;

    /// <inheritdoc/>
    public int BodyLength =>
        BodyWriter.MeasureBytes(batch.PackedPreconditions) + BodyWriter.MeasureBytes(batch.PackedOperations);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body; copied.</param>
    /// <param name="batch">Is given the batch.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static void Read(ReadOnlySpan<byte> body, WriteBatch batch)
    {
        var reader = new BodyReader(body);
        ReadOnlySpan<byte> preconditions = reader.ReadBytes();
        ReadOnlySpan<byte> operations = reader.ReadBytes();
        reader.ExpectEnd();
        try
        {
            batch.Load(preconditions, operations);
        }
        catch (FormatException exception)
        {
            throw new StorageException(StorageErrorCode.ProtocolError, exception.Message, WriteOutcome.NotApplied, exception);
        }
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteBytes(batch.PackedPreconditions);
        writer.WriteBytes(batch.PackedOperations);
    }
}
