namespace WsStorage.Cache.Entries;

/// <summary>A part of the keys: their entries, and the reads of them that are under way. Thread-safe.</summary>
/// <param name="maxBytes">What its entries may cost together.</param>
/// <param name="maxEntryBytes">What one may cost.</param>
internal sealed partial class EntryShard(long maxBytes, long maxEntryBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], CacheEntry> _entries = new(KeyComparer.Instance);
    private readonly SieveQueue _queue = new();
    private long _bytes;
    private long _hits;
    private long _evictions;
    private long _invalidated;

    /// <summary>Looks a key up that is to be not older than a revision.</summary>
    /// <param name="key">The key.</param>
    /// <param name="watched">The revision up to which the watch had passed everything before this call.</param>
    /// <param name="needed">The least revision that will do.</param>
    /// <param name="value">The cache's own array, not to be handed out; <see langword="null"/> for an absent key.</param>
    /// <param name="revision">The value is that of this revision or a later one.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGet(in HashedKey key, ulong watched, ulong needed, out byte[]? value, out ulong revision)
    {
        lock (_gate)
        {
            if (_entries.GetAlternateLookup<HashedKey>().TryGetValue(key, out CacheEntry? entry))
            {
                // No change up to what was watched has removed it; and it may have been read later than that.
                revision = Math.Max(watched, entry.Revision);
                if (revision >= needed)
                {
                    entry.IsVisited = true;
                    value = entry.Value;
                    _hits++;
                    return true;
                }
            }
        }

        value = null;
        revision = 0;
        return false;
    }

    /// <summary>Looks a key up whose entry is older than a moment.</summary>
    /// <param name="key">The key.</param>
    /// <param name="before">The moment, by the clock's timestamp.</param>
    /// <param name="value">The cache's own array, not to be handed out; <see langword="null"/> for an absent key.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGetOlder(in HashedKey key, long before, out byte[]? value)
    {
        lock (_gate)
        {
            if (_entries.GetAlternateLookup<HashedKey>().TryGetValue(key, out CacheEntry? entry) && entry.InsertedAt < before)
            {
                entry.IsVisited = true;
                value = entry.Value;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Drops a key because of a write that is about to be sent.</summary>
    public void Drop(in HashedKey key)
    {
        lock (_gate)
        {
            if (_entries.GetAlternateLookup<HashedKey>().TryGetValue(key, out CacheEntry? entry))
            {
                Invalidate(entry);
            }
        }
    }

    /// <summary>Drops a key that was changed, unless what it holds includes the change, and marks the reads of it.</summary>
    public void Change(in HashedKey key, ulong revision)
    {
        lock (_gate)
        {
            if (_entries.GetAlternateLookup<HashedKey>().TryGetValue(key, out CacheEntry? entry) && entry.Revision < revision)
            {
                Invalidate(entry);
            }

            if (_fills.Count > 0 && _fills.GetAlternateLookup<HashedKey>().TryGetValue(key, out Fill? fill))
            {
                MarkAll(fill, revision);
            }
        }
    }

    /// <summary>The same for all keys of a range.</summary>
    public void Change(KeyRange range, ulong revision)
    {
        lock (_gate)
        {
            DropRange(range, revision);
            foreach ((byte[] key, Fill fill) in _fills)
            {
                if (range.Contains(key))
                {
                    MarkAll(fill, revision);
                }
            }
        }
    }

    /// <summary>Drops what is to be read again; reads of it that are under way bring nothing that may be kept.</summary>
    public void Invalidate(KeyRange range)
    {
        lock (_gate)
        {
            DropRange(range, ulong.MaxValue);
            foreach ((byte[] key, Fill fill) in _fills)
            {
                if (range.Contains(key))
                {
                    VoidAll(fill);
                }
            }
        }
    }

    /// <summary>Drops the keys of a range because of a write that is about to be sent.</summary>
    public void Drop(KeyRange range)
    {
        lock (_gate)
        {
            DropRange(range, ulong.MaxValue);
        }
    }

    /// <summary>Adds what the shard has done and holds.</summary>
    public CacheStatistics AddTo(CacheStatistics sum)
    {
        lock (_gate)
        {
            return new CacheStatistics(
                sum.Hits + _hits,
                sum.Misses,
                sum.Entries + _entries.Count,
                sum.Bytes + _bytes,
                sum.Evictions + _evictions,
                sum.Invalidated + _invalidated);
        }
    }

    /// <summary>Entries are in no order: a range is a walk over all of them. Those of a revision or later stay.</summary>
    private void DropRange(KeyRange range, ulong before)
    {
        // A dictionary may lose entries while it is walked.
        foreach ((byte[] key, CacheEntry entry) in _entries)
        {
            if (entry.Revision < before && range.Contains(key))
            {
                Invalidate(entry);
            }
        }
    }

    private void Insert(CacheEntry entry)
    {
        while (_bytes + entry.Cost > maxBytes)
        {
            Remove(_queue.FindVictim());
            _evictions++;
        }

        _entries.Add(entry.Key, entry);
        _queue.Add(entry);
        _bytes += entry.Cost;
    }

    private void Invalidate(CacheEntry entry)
    {
        Remove(entry);
        _invalidated++;
    }

    private void Remove(CacheEntry entry)
    {
        _entries.Remove(entry.Key);
        _queue.Remove(entry);
        _bytes -= entry.Cost;
    }
}
