namespace WsStorage.Cache.Entries;

/// <summary>All entries, in shards by their keys' hashes. Thread-safe.</summary>
internal sealed class EntryTable
{
    private const int MaxShards = 16;

    private readonly EntryShard[] _shards;

    public EntryTable(CacheOptions options)
    {
        // Each shard has room for some of the largest entries, or one of them would drive out all others.
        int count = MaxShards;
        while (count > 1 && options.MaxBytes / count < 4 * options.EntryBytes)
        {
            count /= 2;
        }

        _shards = [.. Enumerable.Range(0, count).Select(_ => new EntryShard(options.MaxBytes / count, options.EntryBytes))];
    }

    public CacheStatistics Statistics => _shards.Aggregate(default(CacheStatistics), (sum, shard) => shard.AddTo(sum));

    // The dictionaries take the remainder by a prime of the whole hash, so the upper bits are free to choose the shard.
    public EntryShard ShardOf(int hash) => _shards[(int)((uint)hash >> 24) & (_shards.Length - 1)];

    public void Drop(ReadOnlySpan<byte> key)
    {
        var hashed = new HashedKey(key);
        ShardOf(hashed.Hash).Drop(hashed);
    }

    public void Drop(KeyRange range) => Array.ForEach(_shards, shard => shard.Drop(range));

    public void Change(ReadOnlySpan<byte> key, ulong revision)
    {
        var hashed = new HashedKey(key);
        ShardOf(hashed.Hash).Change(hashed, revision);
    }

    public void Change(KeyRange range, ulong revision) => Array.ForEach(_shards, shard => shard.Change(range, revision));

    public void Invalidate(KeyRange range) => Array.ForEach(_shards, shard => shard.Invalidate(range));

    public void Clear() => Array.ForEach(_shards, shard => shard.Clear());
}
