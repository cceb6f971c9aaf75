namespace WsStorage.Protocol.Messages;

/// <summary>
/// Says earlier messages of the same pack once more, under its own id: batches of a watch that another watch is told too.
/// <c>repeat = back count</c>: two varints. Only in a pack, and only to a peer that has said that it takes repeats.
/// </summary>
/// <param name="back">How many messages before this the first is that is repeated.</param>
/// <param name="count">How many messages are repeated, from there on: at least 1, and at most <paramref name="back"/>.</param>
public readonly struct RepeatMessage(int back, int count) : IMessage
{
    /// <summary>The longest body, in bytes.</summary>
    public const int MaxBytes = 10;

    /// <summary>How many messages before this the first is that is repeated.</summary>
    public int Back { get; } = back;

    /// <summary>How many messages are repeated, from there on.</summary>
    public int Count { get; } = count;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Repeat;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length((ulong)Back) + Varint.Length((ulong)Count);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static RepeatMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        int back = reader.ReadInt32("how far back a repeat goes");
        int count = reader.ReadInt32("how much a repeat repeats", back);
        reader.ExpectEnd();
        return count > 0 ? new RepeatMessage(back, count) : throw BodyReader.Malformed("a repeat repeats nothing");
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint((ulong)Back);
        writer.WriteVarint((ulong)Count);
    }
}
