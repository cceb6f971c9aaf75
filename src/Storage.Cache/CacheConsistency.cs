namespace WsStorage.Cache;

/// <summary>What a read of a <see cref="CachedStorage"/> may answer with.</summary>
public enum CacheConsistency : byte
{
    /// <summary>
    /// Never older than the last revision that this cache has handed out or learnt, whatever the keys, and never older than
    /// <see cref="CacheOptions.MaxStaleness"/>.
    /// </summary>
    LastSeen = 0,

    /// <summary>What the source says now: every read goes there, and refreshes the cache.</summary>
    Strict = 1,
}
