using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Watches;

/// <summary>
/// The events of a watch that wait for its reader, in their order. Batches are bounded by credit; so that nothing else can pile
/// up, of the marks only the last is kept, and none that a later event makes needless, and all invalidations that wait are one.
/// Guarded by the <see cref="PendingWatch"/>.
/// </summary>
internal sealed class WatchEvents
{
    private const int MaxInvalidatedRanges = InvalidateRequest.MaxRanges;

    // As much as a server tells at once. A bound of a range may be as long as a key.
    private const long MaxInvalidatedBytes = 256 * 1024;

    // A list that was long once, and is not again, is not kept.
    private const int KeptEvents = 256;

    private readonly List<KeyRange> _invalidated = [];
    private List<WaitingEvent> _events = [];
    private long _invalidatedBytes;
    private Position? _mark;

    /// <summary>Adds the mark of where the watch begins, which is always told.</summary>
    /// <param name="position">Where.</param>
    public void AddBeginning(Position position) => _events.Add(WaitingEvent.Progress(position));

    /// <summary>Adds a mark, in the place of one that waits.</summary>
    /// <param name="position">All has been told up to here.</param>
    public void AddMark(Position position) => _mark = position;

    /// <summary>Adds batches.</summary>
    /// <param name="batches">The batches; kept, if they don't follow others that are.</param>
    public void AddBatches(in BatchSlice batches)
    {
        _mark = null;
        if (_events.Count > 0 && _events[^1].TryJoin(batches, out WaitingEvent joined))
        {
            _events[^1] = joined;
        }
        else
        {
            _events.Add(WaitingEvent.Changes(batches.Keep()));
        }
    }

    /// <summary>
    /// Adds an invalidation. One that waits already takes it along: its ranges may be read again earlier than was meant, never later.
    /// </summary>
    /// <param name="position">All has been told up to here.</param>
    /// <param name="ranges">What is to be read again.</param>
    public void AddInvalidation(Position position, KeyRange[] ranges)
    {
        if (_invalidated.Count == 0)
        {
            _mark = null;
            _events.Add(WaitingEvent.Invalidation(position, []));
        }

        _invalidated.AddRange(ranges);
        foreach (KeyRange range in ranges)
        {
            _invalidatedBytes += range.Start.Length + range.End.Length;
        }

        if (_invalidated.Count > MaxInvalidatedRanges || _invalidatedBytes > MaxInvalidatedBytes)
        {
            ForgetInvalidated();
            _invalidated.Add(KeyRange.All);
        }
    }

    /// <summary>Takes all events.</summary>
    /// <param name="taken">An empty list, which is kept to be filled; gets the events, each to be released.</param>
    /// <returns>Whether there was any.</returns>
    public bool TryTakeAll(ref List<WaitingEvent> taken)
    {
        if (_mark is { } mark)
        {
            _mark = null;
            _events.Add(WaitingEvent.Progress(mark));
        }

        if (_events.Count == 0)
        {
            return false;
        }

        if (taken.Capacity > KeptEvents && _events.Count < taken.Capacity / 4)
        {
            taken.Capacity = KeptEvents;
        }

        (taken, _events) = (_events, taken);
        if (_invalidated.Count > 0)
        {
            TellInvalidated(taken);
        }

        return true;
    }

    /// <summary>Drops what waits.</summary>
    public void Clear()
    {
        foreach (WaitingEvent each in _events)
        {
            each.Release();
        }

        _events.Clear();
        _mark = null;
        ForgetInvalidated();
    }

    /// <summary>Puts the ranges into the one invalidation that waits.</summary>
    private void TellInvalidated(List<WaitingEvent> taken)
    {
        int place = taken.FindIndex(each => each.Kind == WatchEventKind.Invalidation);
        taken[place] = taken[place].With([.. _invalidated]);

        ForgetInvalidated();
    }

    private void ForgetInvalidated()
    {
        _invalidated.Clear();
        _invalidatedBytes = 0;
    }
}
