namespace WsStorage.Protocol.Messages;

/// <summary>
/// The answer to a request that failed. <c>error = code outcome message</c>: two varints, numbered as
/// <see cref="StorageErrorCode"/> and <see cref="WriteOutcome"/>, and a text of at most 2,048 bytes; a longer one is cut.
/// </summary>
/// <param name="code">Why it failed.</param>
/// <param name="outcome">What became of the write.</param>
/// <param name="message">A sentence for people.</param>
public readonly struct ErrorReply(StorageErrorCode code, WriteOutcome outcome, string message) : IMessage
{
    internal const int MaxMessageBytes = 2048;

    private readonly string _message = WireText.Shorten(message, MaxMessageBytes);

    /// <summary>Why it failed.</summary>
    public StorageErrorCode Code { get; } = code;

    /// <summary>What became of the write.</summary>
    public WriteOutcome Outcome { get; } = outcome;

    /// <summary>A sentence for people.</summary>
    public string Message => _message;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Error;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length((ulong)Code) + Varint.Length((ulong)Outcome) + BodyWriter.MeasureText(_message);

    /// <summary>The reply that tells of an exception.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The reply.</returns>
    public static ErrorReply From(StorageException exception) => new(exception.Code, exception.Outcome, exception.Message);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message. A code that a later version has added reads as it stands.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static ErrorReply Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var code = (StorageErrorCode)reader.ReadInt32("an error code", byte.MaxValue);
        var outcome = (WriteOutcome)reader.ReadInt32("an outcome", (int)WriteOutcome.Unknown);
        string message = reader.ReadText("an error message", MaxMessageBytes);
        reader.ExpectEnd();
        return new ErrorReply(code, outcome, message);
    }

    /// <summary>The exception that the reply tells of.</summary>
    /// <returns>The exception, to be thrown.</returns>
    public StorageException ToException() => new(Code, Message, Outcome);

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint((ulong)Code);
        writer.WriteVarint((ulong)Outcome);
        writer.WriteText(_message);
    }
}
