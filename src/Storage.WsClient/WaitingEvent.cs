using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>An event of a watch that waits for its reader: no larger than it has to be, since many may wait.</summary>
internal readonly struct WaitingEvent
{
    // What the collector has to know of is one thing: the memory that a batch lies in, or what is to be read again.
    private readonly object? _content;
    private readonly ulong _revision;
    private readonly ulong _hash;
    private readonly long _commitTime;
    private readonly int _start;
    private readonly int _operationBytes;
    private readonly int _previousBytes;

    private WaitingEvent(WatchEventKind kind, Position position, object? content)
    {
        Kind = kind;
        _content = content;
        _revision = position.Revision.Value;
        _hash = position.Hash;
    }

    private WaitingEvent(WatchBatchMessage batch, EventChunk chunk, int start)
    {
        Kind = WatchEventKind.Changes;
        _content = chunk;
        _revision = batch.Revision.Value;
        _hash = batch.Hash;
        _commitTime = batch.CommitTime.UtcTicks;
        _start = start;
        _operationBytes = batch.Operations.Length;
        _previousBytes = batch.Previous.Length;
    }

    public WatchEventKind Kind { get; }

    /// <summary>What it counts for the credit.</summary>
    public int ByteCount => _operationBytes + _previousBytes;

    /// <summary>A mark.</summary>
    /// <param name="position">All has been told up to here.</param>
    public static WaitingEvent Progress(Position position) => new(WatchEventKind.Progress, position, null);

    /// <summary>An invalidation.</summary>
    /// <param name="position">All has been told up to here.</param>
    /// <param name="ranges">What is to be read again.</param>
    public static WaitingEvent Invalidation(Position position, KeyRange[] ranges) => new(WatchEventKind.Invalidation, position, ranges);

    /// <summary>A batch.</summary>
    /// <param name="batch">The batch; copied.</param>
    /// <param name="memory">Where to.</param>
    public static WaitingEvent Copy(WatchBatchMessage batch, EventMemory memory)
    {
        EventChunk chunk = memory.Take(batch.Operations.Length + batch.Previous.Length, out int start);
        Span<byte> copy = chunk.Array.AsSpan(start);
        batch.Operations.CopyTo(copy);
        batch.Previous.CopyTo(copy[batch.Operations.Length..]);
        return new WaitingEvent(batch, chunk, start);
    }

    /// <summary>The same invalidation, of other ranges.</summary>
    /// <param name="ranges">What is to be read again.</param>
    public WaitingEvent With(KeyRange[] ranges) => Invalidation(PositionIn(default), ranges);

    /// <summary>The event, valid until this is released.</summary>
    /// <param name="epoch">The epoch of the watch.</param>
    public WatchEvent ToEvent(Guid epoch)
    {
        Position position = PositionIn(epoch);
        switch (Kind)
        {
            case WatchEventKind.Changes:
                byte[] array = ((EventChunk)_content!).Array;
                return WatchEvent.Changes(
                    position,
                    new DateTimeOffset(_commitTime, TimeSpan.Zero),
                    array.AsMemory(_start, _operationBytes),
                    array.AsMemory(_start + _operationBytes, _previousBytes));
            case WatchEventKind.Invalidation:
                return WatchEvent.Invalidation(position, (KeyRange[])_content!);
            default:
                return WatchEvent.Progress(position);
        }
    }

    /// <summary>Gives its memory back, once.</summary>
    public void Release() => (_content as EventChunk)?.Release();

    private Position PositionIn(Guid epoch) => new(epoch, new Revision(_revision), _hash);
}
