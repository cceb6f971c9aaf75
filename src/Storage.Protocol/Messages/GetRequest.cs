namespace WsStorage.Protocol.Messages;

/// <summary>Reads one key. <c>get = key</c>: a field of bytes.</summary>
/// <param name="key">The key.</param>
public readonly ref struct GetRequest(ReadOnlySpan<byte> key) : IMessage
{
    private readonly ReadOnlySpan<byte> _key = key;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Get;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.MeasureBytes(_key);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The key, a slice of the body.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/> or
    /// <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static ReadOnlyMemory<byte> ReadKey(ReadOnlyMemory<byte> body)
    {
        var reader = new BodyReader(body.Span);
        int length = reader.ReadBytes().Length;
        reader.ExpectEnd();
        ReadOnlyMemory<byte> key = body[^length..];
        StorageLimits.CheckKey(key.Span);
        return key;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer) => writer.WriteBytes(_key);
}
