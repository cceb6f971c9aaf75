namespace WsStorage.Protocol.Messages;

/// <summary>Reads many keys at one revision. <c>get-many = count *key</c>: a varint, then that many fields of bytes.</summary>
/// <param name="keys">The keys.</param>
public readonly struct GetManyRequest(IReadOnlyList<ReadOnlyMemory<byte>> keys) : IMessage
{
    /// <summary>The most keys in one request.</summary>
    public const int MaxKeys = 1024 * 1024;

    /// <inheritdoc/>
    public MessageType Type => MessageType.GetMany;

    /// <inheritdoc/>
    public int BodyLength
    {
        get
        {
            int length = Varint.Length((ulong)keys.Count);
            for (int i = 0; i < keys.Count; i++)
            {
                length = checked(length + BodyWriter.MeasureBytes(keys[i].Span));
            }

            return length;
        }
    }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The keys, slices of the body.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>,
    /// <see cref="StorageErrorCode.KeyTooLarge"/>, or <see cref="StorageErrorCode.InvalidArgument"/>: there are more than
    /// <see cref="MaxKeys"/>.</exception>
    public static ReadOnlyMemory<byte>[] ReadKeys(ReadOnlyMemory<byte> body)
    {
        var reader = new BodyReader(body.Span);

        // A key takes at least one byte, so a count beyond the bytes that are there is a lie; nothing is allocated for it.
        int count = reader.ReadInt32("the number of keys", body.Length);
        if (count > reader.Remaining)
        {
            throw BodyReader.Malformed($"{count} keys are announced in {reader.Remaining} bytes");
        }

        // A place for a key takes many times the byte that the shortest key takes.
        if (count > MaxKeys)
        {
            throw StorageException.InvalidArgument($"{count} keys are asked for at once; at most {MaxKeys} may be. Ask for them in parts.");
        }

        var keys = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            int length = reader.ReadBytes().Length;
            keys[i] = body.Slice(body.Length - reader.Remaining - length, length);
            StorageLimits.CheckKey(keys[i].Span);
        }

        reader.ExpectEnd();
        return keys;
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint((ulong)keys.Count);
        for (int i = 0; i < keys.Count; i++)
        {
            writer.WriteBytes(keys[i].Span);
        }
    }
}
