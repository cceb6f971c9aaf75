namespace WsStorage.Cache.Entries;

/// <content>The reads that are under way, and what becomes of their answers.</content>
internal sealed partial class EntryShard
{
    private readonly Dictionary<byte[], Fill> _fills = new(KeyComparer.Instance);

    /// <summary>Finds a read of the key whose answer will do for a reader who begins now.</summary>
    /// <param name="key">The key.</param>
    /// <param name="notBefore">The earliest moment at which it may have been sent, by the clock's timestamp.</param>
    /// <returns>The read; none when another must be sent.</returns>
    public Fill? TryJoin(in HashedKey key, long notBefore)
    {
        lock (_gate)
        {
            _fills.GetAlternateLookup<HashedKey>().TryGetValue(key, out Fill? fill);
            for (; fill is not null; fill = fill.Next)
            {
                // An overtaken one may bring less than its rival has brought, which somebody may have seen by now.
                if (fill is { IsShared: true, IsOvertaken: false, IsVoid: false } && fill.StartedAt >= notBefore)
                {
                    fill.HasTakers = true;
                    return fill;
                }
            }

            return null;
        }
    }

    /// <summary>Registers a read that is about to be sent.</summary>
    /// <param name="fill">The read.</param>
    /// <param name="watermark">How far the watch is.</param>
    public void Register(Fill fill, Following.Watermark watermark)
    {
        lock (_gate)
        {
            fill.IsVoid = !watermark.IsFollowing;
            fill.Floor = watermark.Watched;
            _fills.TryGetValue(fill.Key, out Fill? next);
            fill.Next = next;
            _fills[fill.Key] = fill;
        }
    }

    /// <summary>Ends a read that was not answered.</summary>
    public void Abandon(Fill fill)
    {
        lock (_gate)
        {
            Unlink(fill);
        }
    }

    /// <summary>Ends a read with its answer, which is kept if no newer one can be known.</summary>
    /// <param name="fill">The read.</param>
    /// <param name="answer">Its answer; the array becomes the cache's if it is kept and the read is shared, and is copied
    /// otherwise.</param>
    /// <param name="now">The time, by the clock's timestamp.</param>
    public void Complete(Fill fill, GetResult answer, long now)
    {
        lock (_gate)
        {
            Unlink(fill);
            _fills.TryGetValue(fill.Key, out Fill? other);
            for (; other is not null; other = other.Next)
            {
                other.IsOvertaken = true;
            }

            ulong revision = answer.Revision.Value;
            bool isCurrent = !fill.IsVoid && revision >= fill.Floor && revision >= fill.ChangedAt;
            bool isKept = isCurrent && !fill.IsOvertaken && CacheEntry.CostOf(fill.Key, answer.Value) <= maxEntryBytes;
            if (_entries.TryGetValue(fill.Key, out CacheEntry? entry))
            {
                // What is handed out now may be newer than what was kept before; the same value is as good, wherever it is from.
                if (!isKept && IsSame(entry.Value, answer.Value))
                {
                    return;
                }

                Remove(entry);
            }

            if (isKept)
            {
                byte[]? value = fill.IsShared ? answer.Value : answer.Value?.AsSpan().ToArray();
                Insert(new CacheEntry(fill.Key, value, revision, now));
                fill.HasTakers = true;
            }
        }
    }

    /// <summary>Drops everything; reads that are under way bring nothing that may be kept.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _invalidated += _entries.Count;
            _entries.Clear();
            _queue.Clear();
            _bytes = 0;
            foreach (Fill fill in _fills.Values)
            {
                VoidAll(fill);
            }
        }
    }

    private static bool IsSame(byte[]? left, byte[]? right) =>
        left is null ? right is null : right is not null && left.AsSpan().SequenceEqual(right);

    private static void MarkAll(Fill? fill, ulong revision)
    {
        for (; fill is not null; fill = fill.Next)
        {
            fill.ChangedAt = Math.Max(fill.ChangedAt, revision);
        }
    }

    private static void VoidAll(Fill? fill)
    {
        for (; fill is not null; fill = fill.Next)
        {
            fill.IsVoid = true;
        }
    }

    private void Unlink(Fill fill)
    {
        Fill first = _fills[fill.Key];
        if (!ReferenceEquals(first, fill))
        {
            Fill before = first;
            while (!ReferenceEquals(before.Next, fill))
            {
                before = before.Next!;
            }

            before.Next = fill.Next;
        }
        else if (fill.Next is null)
        {
            _fills.Remove(fill.Key);
        }
        else
        {
            _fills[fill.Key] = fill.Next;
        }

        fill.Next = null;
    }
}
