namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a get of many. <c>get-many-reply = revision count *optional-value</c>: two varints, then a value or none
/// for each key, in the order of the request.
/// </summary>
/// <param name="revision">The values are those of this revision or a later one, the same for all.</param>
/// <param name="values">The values.</param>
public readonly struct GetManyReply(Revision revision, byte[]?[] values) : IMessage
{
    /// <inheritdoc/>
    public MessageType Type => MessageType.GetManyReply;

    /// <inheritdoc/>
    public int BodyLength
    {
        get
        {
            int length = Varint.Length(revision.Value) + Varint.Length((ulong)values.Length);
            foreach (byte[]? value in values)
            {
                length = checked(length + OptionalValue.Measure(value is not null, value));
            }

            return length;
        }
    }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The answer; its values are copies.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static GetManyResult Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var revision = new Revision(reader.ReadVarint());
        int count = reader.ReadInt32("the number of values", body.Length);
        if (count > reader.Remaining)
        {
            throw BodyReader.Malformed($"{count} values are announced in {reader.Remaining} bytes");
        }

        var values = new byte[]?[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = OptionalValue.Read(ref reader, out ReadOnlySpan<byte> value) ? value.ToArray() : null;
        }

        reader.ExpectEnd();
        return new GetManyResult(values, revision);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(revision.Value);
        writer.WriteVarint((ulong)values.Length);
        foreach (byte[]? value in values)
        {
            OptionalValue.Write(ref writer, value is not null, value);
        }
    }
}
