namespace WsStorage.WsClient.Watches;

/// <summary>What waits for the reader of a watch: batches that lie side by side, or one event of another kind.</summary>
internal readonly struct WaitingEvent
{
    // A pack of batches, or what is to be read again.
    private readonly object? _content;
    private readonly int _first;
    private readonly ulong _revision;
    private readonly ulong _hash;

    private WaitingEvent(WatchEventKind kind, Position position, object? content)
    {
        Kind = kind;
        Count = 1;
        _content = content;
        _revision = position.Revision.Value;
        _hash = position.Hash;
    }

    private WaitingEvent(in BatchSlice batches)
    {
        Kind = WatchEventKind.Changes;
        Count = batches.Count;
        _content = batches.Pack;
        _first = batches.First;
    }

    public WatchEventKind Kind { get; }

    /// <summary>How many events they are.</summary>
    public int Count { get; }

    /// <summary>A mark.</summary>
    /// <param name="position">All has been told up to here.</param>
    public static WaitingEvent Progress(Position position) => new(WatchEventKind.Progress, position, null);

    /// <summary>An invalidation.</summary>
    /// <param name="position">All has been told up to here.</param>
    /// <param name="ranges">What is to be read again.</param>
    public static WaitingEvent Invalidation(Position position, KeyRange[] ranges) => new(WatchEventKind.Invalidation, position, ranges);

    /// <summary>Batches.</summary>
    /// <param name="batches">The batches, kept.</param>
    public static WaitingEvent Changes(in BatchSlice batches) => new(batches);

    /// <summary>The same invalidation, of other ranges.</summary>
    /// <param name="ranges">What is to be read again.</param>
    public WaitingEvent With(KeyRange[] ranges) => Invalidation(PositionIn(default), ranges);

    /// <summary>Takes up the batches that follow, if they do.</summary>
    /// <param name="next">Batches.</param>
    /// <param name="joined">All of them: no other user of the pack.</param>
    /// <returns>Whether they do.</returns>
    public bool TryJoin(in BatchSlice next, out WaitingEvent joined)
    {
        bool follow = ReferenceEquals(_content, next.Pack) && _first + Count == next.First;
        joined = follow ? new WaitingEvent(new BatchSlice(next.Pack, _first, Count + next.Count)) : default;
        return follow;
    }

    /// <summary>One of the events, valid until this is released.</summary>
    /// <param name="index">Which.</param>
    /// <param name="epoch">The epoch of the watch.</param>
    public WatchEvent ToEvent(int index, Guid epoch) => Kind switch
    {
        WatchEventKind.Changes => ((BatchPack)_content!).ToEvent(_first + index, epoch),
        WatchEventKind.Invalidation => WatchEvent.Invalidation(PositionIn(epoch), (KeyRange[])_content!),
        _ => WatchEvent.Progress(PositionIn(epoch)),
    };

    /// <summary>What one of the events counts for the credit.</summary>
    /// <param name="index">Which.</param>
    public int CountBytes(int index) =>
        Kind == WatchEventKind.Changes ? ((BatchPack)_content!).CountBytes(_first + index) : 0;

    /// <summary>Lets go of what is shared, once.</summary>
    public void Release() => (_content as BatchPack)?.Release();

    private Position PositionIn(Guid epoch) => new(epoch, new Revision(_revision), _hash);
}
