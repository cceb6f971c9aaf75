namespace WsStorage.Core.Feed;

/// <summary>
/// The groups that were committed last, bounded in bytes: a ring that is found by revision. Not thread-safe. Readers take
/// groups out by revision and hold no place in it, so that one who is slow keeps nothing alive.
/// </summary>
/// <param name="start">Where it begins: nothing at or below is in it.</param>
/// <param name="options">How many bytes it keeps; the last group stays in any case.</param>
internal sealed class GroupTail(Revision start, ChangeFeedOptions options)
{
    private ChangeGroup[] _ring = new ChangeGroup[16];
    private int _first;
    private int _count;

    /// <summary>Everything after this revision is in the tail.</summary>
    public Revision Start { get; private set; } = start;

    /// <summary>How many bytes it holds.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Adds the next group, and lets go of the oldest for it.</summary>
    public void Append(ChangeGroup group)
    {
        while (_count > 0 && ByteCount + group.ByteCount > options.TailBytes && !IsHeld(ByteCount + group.ByteCount))
        {
            RemoveFirst();
        }

        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_first + _count) & (_ring.Length - 1)] = group;
        _count++;
        ByteCount += group.ByteCount;
    }

    /// <summary>Lets go of everything.</summary>
    /// <param name="start">Where it begins anew.</param>
    public void Clear(Revision start)
    {
        if (_count > 0)
        {
            _ring = new ChangeGroup[16];
            _first = 0;
            _count = 0;
            ByteCount = 0;
        }

        Start = start;
    }

    /// <summary>Lets go of what is at or below a revision.</summary>
    public void RemoveThrough(Revision through)
    {
        while (_count > 0 && _ring[_first].Last <= through)
        {
            RemoveFirst();
        }

        // A group that goes on beyond the revision stays whole, and is read from there on.
        Start = through > Start ? through : Start;
    }

    /// <summary>Lets go of the oldest that are at or below a revision, until there are no more than some bytes.</summary>
    public void Shrink(Revision through, long bytes)
    {
        while (_count > 1 && ByteCount > bytes && _ring[_first].Last <= through)
        {
            RemoveFirst();
        }
    }

    /// <summary>Takes consecutive groups, beginning with the first that ends after a revision.</summary>
    /// <param name="after">The revision, before that of the last batch.</param>
    /// <param name="bytes">Ends with the group with which there are so many bytes.</param>
    /// <param name="groups">Gets the groups.</param>
    /// <returns>Whether the tail goes back that far.</returns>
    public bool TryTake(Revision after, int bytes, ICollection<ChangeGroup> groups)
    {
        if (after < Start)
        {
            return false;
        }

        long taken = 0;
        for (int i = Find(after); i < _count && taken < bytes; i++)
        {
            ChangeGroup group = At(i);
            groups.Add(group);
            taken += group.ByteCount;
        }

        return true;
    }

    /// <summary>Whether the oldest group is still needed, and there may be so many bytes.</summary>
    private bool IsHeld(long bytes) =>
        bytes <= options.HeldTailBytes && options.HeldAfter?.Invoke() is { } after && _ring[_first].Last > after;

    private ChangeGroup At(int index) => _ring[(_first + index) & (_ring.Length - 1)];

    /// <summary>The place of the first group that ends after a revision.</summary>
    private int Find(Revision after)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (At(middle).Last <= after)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void RemoveFirst()
    {
        ChangeGroup removed = _ring[_first];
        _ring[_first] = null!;
        _first = (_first + 1) & (_ring.Length - 1);
        _count--;
        ByteCount -= removed.ByteCount;
        Start = removed.Last;
    }

    private void Grow()
    {
        var larger = new ChangeGroup[2 * _ring.Length];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = At(i);
        }

        _ring = larger;
        _first = 0;
    }
}
