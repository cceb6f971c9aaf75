namespace WsStorage.Cache.Entries;

/// <summary>
/// Decides who is evicted, by SIEVE (Zhang et al., NSDI 2024): a queue in the order of insertion, and a hand that moves from the
/// oldest to the newest, spares once who was read, and evicts the first who was not. A hit only sets a flag, and a scan of keys
/// that are read once passes through without driving out the others. Not thread-safe.
/// </summary>
internal sealed class SieveQueue
{
    private CacheEntry? _newest;
    private CacheEntry? _oldest;
    private CacheEntry? _hand;

    public void Add(CacheEntry entry)
    {
        entry.Older = _newest;
        if (_newest is null)
        {
            _oldest = entry;
        }
        else
        {
            _newest.Newer = entry;
        }

        _newest = entry;
    }

    public void Remove(CacheEntry entry)
    {
        if (ReferenceEquals(_hand, entry))
        {
            _hand = entry.Newer;
        }

        if (entry.Newer is null)
        {
            _newest = entry.Older;
        }
        else
        {
            entry.Newer.Older = entry.Older;
        }

        if (entry.Older is null)
        {
            _oldest = entry.Newer;
        }
        else
        {
            entry.Older.Newer = entry.Newer;
        }

        entry.Newer = entry.Older = null;
    }

    /// <summary>Who has to go next; the caller removes it. There must be one.</summary>
    public CacheEntry FindVictim()
    {
        CacheEntry victim = _hand ?? _oldest!;
        while (victim.IsVisited)
        {
            victim.IsVisited = false;
            victim = victim.Newer ?? _oldest!;
        }

        _hand = victim;
        return victim;
    }

    public void Clear() => _newest = _oldest = _hand = null;
}
