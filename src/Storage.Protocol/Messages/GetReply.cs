namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a get. <c>get-reply = revision optional-value</c>: a varint, then the varint 0 for no value, or 1 and a
/// field of bytes.
/// </summary>
/// <param name="revision">The value is that of this revision or a later one.</param>
/// <param name="found">Whether the key is present.</param>
/// <param name="value">Its value.</param>
public readonly ref struct GetReply(Revision revision, bool found, ReadOnlySpan<byte> value) : IMessage
{
    /// <summary>The value is that of this revision or a later one.</summary>
    public Revision Revision { get; } = revision;

    /// <summary>Whether the key is present.</summary>
    public bool Found { get; } = found;

    /// <summary>Its value.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;

    /// <inheritdoc/>
    public MessageType Type => MessageType.GetReply;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(Revision.Value) + OptionalValue.Measure(Found, Value);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its value is a slice of the body.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static GetReply Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var revision = new Revision(reader.ReadVarint());
        bool found = OptionalValue.Read(ref reader, out ReadOnlySpan<byte> value);
        reader.ExpectEnd();
        return new GetReply(revision, found, value);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(Revision.Value);
        OptionalValue.Write(ref writer, Found, Value);
    }
}
