namespace WsStorage.Protocol.Messages;

/// <summary>
/// Begins a watch. <c>watch = start end flags [epoch revision hash] progress-interval credit</c>: two fields of bytes, a
/// varint, a position if flag 1 is set, two varints. Flag 1 begins after that position, in the place of now; flag 2 leaves
/// values out, flag 4 brings previous values along, flag 8 invalidations. The interval is in milliseconds; the credit is how
/// many bytes of batches the server may send before it is granted more.
/// </summary>
/// <param name="options">What to follow and from where.</param>
/// <param name="credit">The bytes of batches that the server may send.</param>
public readonly struct WatchRequest(WatchOptions options, long credit) : IMessage
{
    private const int AfterFlag = 1;
    private const int KeysOnlyFlag = 2;
    private const int PreviousValuesFlag = 4;
    private const int InvalidationsFlag = 8;
    private const int AllFlags = AfterFlag | KeysOnlyFlag | PreviousValuesFlag | InvalidationsFlag;

    /// <summary>What to follow and from where.</summary>
    public WatchOptions Options { get; } = options;

    /// <summary>The bytes of batches that the server may send.</summary>
    public long Credit { get; } = credit;

    /// <inheritdoc/>
    public MessageType Type => MessageType.Watch;

    /// <inheritdoc/>
    public int BodyLength => BodyWriter.MeasureRange(Options.Range) + 1
        + (Options.After is { } after ? BodyWriter.MeasurePosition(after) : 0)
        + BodyWriter.MeasureMilliseconds(Options.ProgressInterval) + Varint.Length((ulong)Credit);

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its range is a copy.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>, or what
    /// <see cref="WatchOptions.Validate"/> finds.</exception>
    public static WatchRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        KeyRange range = reader.ReadRange();
        int flags = reader.ReadInt32("the flags of a watch", AllFlags);
        Position? after = (flags & AfterFlag) != 0 ? reader.ReadPosition() : null;
        TimeSpan interval = reader.ReadMilliseconds("the interval of progress marks");
        long credit = reader.ReadInt32("the credit of a watch");
        reader.ExpectEnd();
        var options = new WatchOptions
        {
            Range = range,
            After = after,
            KeysOnly = (flags & KeysOnlyFlag) != 0,
            PreviousValues = (flags & PreviousValuesFlag) != 0,
            Invalidations = (flags & InvalidationsFlag) != 0,
            ProgressInterval = interval,
        };
        options.Validate();
        return new WatchRequest(options, credit);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteRange(Options.Range);
        writer.WriteVarint((ulong)((Options.After is null ? 0 : AfterFlag)
            | (Options.KeysOnly ? KeysOnlyFlag : 0)
            | (Options.PreviousValues ? PreviousValuesFlag : 0)
            | (Options.Invalidations ? InvalidationsFlag : 0)));
        if (Options.After is { } after)
        {
            writer.WritePosition(after);
        }

        writer.WriteMilliseconds(Options.ProgressInterval);
        writer.WriteVarint((ulong)Credit);
    }
}
