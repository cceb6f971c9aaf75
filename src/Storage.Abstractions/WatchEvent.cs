namespace WsStorage;

/// <summary>What a <see cref="WatchEvent"/> tells.</summary>
public enum WatchEventKind : byte
{
    /// <summary>The store has committed a batch that touches what is watched.</summary>
    Changes = 0,

    /// <summary>All up to a position has been told.</summary>
    Progress = 1,

    /// <summary>The server wants what is read before to be read again.</summary>
    Invalidation = 2,
}

/// <summary>
/// What a watch tells: one whole batch, how far the watch is complete, or that something is to be read again. Its
/// <see cref="Position"/> is where a later watch goes on (<see cref="WatchOptions.After"/>).
/// </summary>
/// <remarks>Valid until the watch moves on; copy what must outlive it.</remarks>
public readonly record struct WatchEvent
{
    private static readonly IReadOnlyList<KeyRange> NoRanges = [];

    private readonly IReadOnlyList<KeyRange>? _ranges;

    private WatchEvent(
        WatchEventKind kind,
        Position position,
        DateTimeOffset commitTime,
        ReadOnlyMemory<byte> packedOperations,
        ReadOnlyMemory<byte> packedPrevious,
        IReadOnlyList<KeyRange>? ranges)
    {
        Kind = kind;
        Position = position;
        CommitTime = commitTime;
        PackedOperations = packedOperations;
        PackedPrevious = packedPrevious;
        _ranges = ranges;
    }

    /// <summary>What it tells.</summary>
    public WatchEventKind Kind { get; }

    /// <summary>All that is watched has been told up to here, this event included.</summary>
    public Position Position { get; }

    /// <summary>The revision of the batch, or up to which all has been told.</summary>
    public Revision Revision => Position.Revision;

    /// <summary>When the store committed the batch, by its own clock; the earliest time there is for other kinds.</summary>
    public DateTimeOffset CommitTime { get; }

    /// <summary>
    /// The operations of the batch that touch the watched range, in their order, packed as
    /// <see cref="BatchOperationKind"/> says; range removals are cut to the range. At least one, and empty for other kinds.
    /// </summary>
    public ReadOnlyMemory<byte> PackedOperations { get; }

    /// <summary>
    /// What each operation's key held before, in their order, packed as <see cref="PreviousValueKind"/> says; empty when it
    /// was not asked for or is not known of any.
    /// </summary>
    public ReadOnlyMemory<byte> PackedPrevious { get; }

    /// <summary>What is to be read again; empty for other kinds.</summary>
    public IReadOnlyList<KeyRange> InvalidatedRanges => _ranges ?? NoRanges;

    /// <summary>A batch.</summary>
    /// <param name="position">The position after it.</param>
    /// <param name="commitTime">When it was committed.</param>
    /// <param name="packedOperations">Its operations that touch the range.</param>
    /// <param name="packedPrevious">What their keys held before, or nothing.</param>
    /// <returns>The event.</returns>
    public static WatchEvent Changes(
        Position position, DateTimeOffset commitTime, ReadOnlyMemory<byte> packedOperations, ReadOnlyMemory<byte> packedPrevious = default) =>
        new(WatchEventKind.Changes, position, commitTime, packedOperations, packedPrevious, null);

    /// <summary>A mark: all has been told up to a position.</summary>
    /// <param name="position">The position.</param>
    /// <returns>The event.</returns>
    public static WatchEvent Progress(Position position) =>
        new(WatchEventKind.Progress, position, default, default, default, null);

    /// <summary>An invalidation.</summary>
    /// <param name="position">All has been told up to here.</param>
    /// <param name="ranges">What is to be read again.</param>
    /// <returns>The event.</returns>
    public static WatchEvent Invalidation(Position position, IReadOnlyList<KeyRange> ranges) =>
        new(WatchEventKind.Invalidation, position, default, default, default, ranges);

    /// <summary>Walks the changes of the batch without a copy.</summary>
    /// <returns>The enumerator; its changes are slices of the event.</returns>
    public ChangeEnumerator GetEnumerator() => new(PackedOperations, PackedPrevious);
}
