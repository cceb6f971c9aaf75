namespace WsStorage.Protocol.Messages;

/// <summary>
/// Keeps history for a follower. <c>keep-history = follower revision duration</c>: a text of 1 to 256 bytes, two varints, the
/// last in milliseconds; 0 keeps nothing more. Answered by a message without a body.
/// </summary>
/// <param name="follower">The follower's name.</param>
/// <param name="after">The revision that it has reached.</param>
/// <param name="duration">For how long.</param>
public readonly struct KeepHistoryRequest(string follower, Revision after, TimeSpan duration) : IMessage
{
    /// <summary>The follower's name.</summary>
    public string Follower { get; } = follower;

    /// <summary>The revision that it has reached.</summary>
    public Revision After { get; } = after;

    /// <summary>For how long.</summary>
    public TimeSpan Duration { get; } = duration;

    /// <inheritdoc/>
    public MessageType Type => MessageType.KeepHistory;

    /// <inheritdoc/>
    public int BodyLength =>
        BodyWriter.MeasureText(Follower) + Varint.Length(After.Value) + BodyWriter.MeasureMilliseconds(Duration);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static KeepHistoryRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        string follower = reader.ReadText("the follower's name", WireText.MaxNameBytes);
        var after = new Revision(reader.ReadVarint());
        TimeSpan duration = reader.ReadMilliseconds("the duration");
        reader.ExpectEnd();
        return new KeepHistoryRequest(follower, after, duration);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteText(Follower);
        writer.WriteVarint(After.Value);
        writer.WriteMilliseconds(Duration);
    }
}
