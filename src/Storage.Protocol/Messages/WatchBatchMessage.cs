namespace WsStorage.Protocol.Messages;

/// <summary>
/// A batch that a watch tells of. <c>watch-batch = revision hash commit-time operations previous</c>: three varints, the last
/// in milliseconds since 1970 UTC, and two fields of bytes, packed as <see cref="BatchOperationKind"/> and
/// <see cref="PreviousValueKind"/> say. The epoch is that of the watch's first mark.
/// </summary>
/// <param name="position">The position after the batch; its epoch is not sent.</param>
/// <param name="commitTime">When it was committed; before 1970 counts as 1970.</param>
/// <param name="operations">Its operations that touch the range, packed.</param>
/// <param name="previous">What their keys held before, packed; may be empty.</param>
public readonly ref struct WatchBatchMessage(
    Position position, DateTimeOffset commitTime, ReadOnlySpan<byte> operations, ReadOnlySpan<byte> previous) : IRepeatableMessage
{
    /// <summary>What a body has beyond its operations and previous values, at the most, in bytes.</summary>
    public const int MaxHeadBytes = 40;

    /// <summary>The revision of the batch.</summary>
    public Revision Revision { get; } = position.Revision;

    /// <summary>The hash of the position after it.</summary>
    public ulong Hash { get; } = position.Hash;

    /// <summary>When it was committed.</summary>
    public DateTimeOffset CommitTime { get; } = commitTime;

    /// <summary>Its operations, packed.</summary>
    public ReadOnlySpan<byte> Operations { get; } = operations;

    /// <summary>What their keys held before, packed; may be empty.</summary>
    public ReadOnlySpan<byte> Previous { get; } = previous;

    /// <inheritdoc/>
    public MessageType Type => MessageType.WatchBatch;

    /// <inheritdoc/>
    public int BodyLength => Varint.Length(Revision.Value) + Varint.Length(Hash) + Varint.Length(Milliseconds)
        + BodyWriter.MeasureBytes(Operations) + BodyWriter.MeasureBytes(Previous);

    /// <inheritdoc/>
    public ulong Number => Revision.Value;

    private ulong Milliseconds => (ulong)Math.Max(0, CommitTime.ToUnixTimeMilliseconds());

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <returns>The message; its operations and previous values are slices of the body, and were walked once, so they are
    /// whole.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public static WatchBatchMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var revision = new Revision(reader.ReadVarint());
        ulong hash = reader.ReadVarint();
        long milliseconds = reader.ReadInt64("a commit time");
        ReadOnlySpan<byte> operations = reader.ReadBytes();
        ReadOnlySpan<byte> previous = reader.ReadBytes();
        reader.ExpectEnd();
        CheckPrevious(previous, CountOperations(operations));
        if (milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            throw BodyReader.Malformed("a commit time is after the year 9999");
        }

        return new WatchBatchMessage(
            new Position(default, revision, hash), DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), operations, previous);
    }

    /// <inheritdoc/>
    public bool IsWrittenAt(ReadOnlySpan<byte> written)
    {
        Span<byte> head = stackalloc byte[MaxHeadBytes];
        int length = Varint.Write(head, Revision.Value);
        length += Varint.Write(head[length..], Hash);
        length += Varint.Write(head[length..], Milliseconds);
        return TryPass(ref written, head[..length]) && TryPassField(ref written, Operations) && TryPassField(ref written, Previous);
    }

    /// <inheritdoc/>
    public void WriteBody(ref BodyWriter writer)
    {
        writer.WriteVarint(Revision.Value);
        writer.WriteVarint(Hash);
        writer.WriteVarint(Milliseconds);
        writer.WriteBytes(Operations);
        writer.WriteBytes(Previous);
    }

    private static bool TryPassField(ref ReadOnlySpan<byte> written, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[Varint.MaxLength];
        int used = Varint.Write(length, (ulong)field.Length);
        return TryPass(ref written, length[..used]) && TryPass(ref written, field);
    }

    private static bool TryPass(ref ReadOnlySpan<byte> written, scoped ReadOnlySpan<byte> expected)
    {
        bool isThere = written.StartsWith(expected);
        written = isThere ? written[expected.Length..] : default;
        return isThere;
    }

    private static int CountOperations(ReadOnlySpan<byte> operations)
    {
        int count = 0;
        try
        {
            foreach (BatchOperation operation in new BatchOperations(operations))
            {
                _ = operation;
                count++;
            }
        }
        catch (FormatException exception)
        {
            throw new StorageException(StorageErrorCode.ProtocolError, exception.Message, WriteOutcome.NotApplied, exception);
        }

        return count > 0 ? count : throw BodyReader.Malformed("a batch of a watch has no operation");
    }

    private static void CheckPrevious(ReadOnlySpan<byte> previous, int count)
    {
        if (previous.IsEmpty)
        {
            return;
        }

        var reader = new BodyReader(previous);
        for (int i = 0; i < count; i++)
        {
            var kind = (PreviousValueKind)reader.ReadInt32("the kind of a previous value", (int)PreviousValueKind.Value);
            if (kind == PreviousValueKind.Value)
            {
                reader.ReadBytes();
            }
        }

        reader.ExpectEnd();
    }
}
