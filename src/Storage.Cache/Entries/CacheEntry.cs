namespace WsStorage.Cache.Entries;

/// <summary>A key and what it holds. Its value never changes: a newer one is another entry.</summary>
/// <param name="key">The key.</param>
/// <param name="value">Its value, or <see langword="null"/> when it is absent.</param>
/// <param name="revision">The value is that of this revision or a later one.</param>
/// <param name="insertedAt">When the source had answered, by the clock's timestamp.</param>
internal sealed class CacheEntry(byte[] key, byte[]? value, ulong revision, long insertedAt)
{
    public byte[] Key { get; } = key;

    public byte[]? Value { get; } = value;

    public ulong Revision { get; } = revision;

    public long InsertedAt { get; } = insertedAt;

    public long Cost { get; } = CostOf(key, value);

    /// <summary>Whether it was read since the eviction last passed it.</summary>
    public bool IsVisited { get; set; }

    public CacheEntry? Newer { get; set; }

    public CacheEntry? Older { get; set; }

    public static long CostOf(byte[] key, byte[]? value) => (long)key.Length + (value?.Length ?? 0) + CacheOptions.EntryOverheadBytes;
}
