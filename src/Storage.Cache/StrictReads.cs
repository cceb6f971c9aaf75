namespace WsStorage.Cache;

/// <summary>A cache whose reads go to the source.</summary>
internal sealed class StrictReads(CachedStorage cache) : IStorage
{
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => cache.GetInfoAsync(cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        cache.GetAsync(key, CacheConsistency.Strict, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        cache.GetManyAsync(keys, CacheConsistency.Strict, cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        cache.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        cache.ScanPagesAsync(options, cancellationToken);

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        cache.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        cache.KeepHistoryAsync(follower, after, duration, cancellationToken);

    /// <summary>The cache belongs to whoever made it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
