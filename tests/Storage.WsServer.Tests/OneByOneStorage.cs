namespace WsStorage.WsServer.Tests;

/// <summary>A storage that is no <see cref="IBatchStorage"/>, as one behind another server is none.</summary>
internal sealed class OneByOneStorage(IStorage inner) : IStorage
{
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => inner.GetInfoAsync(cancellationToken);

    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        inner.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        inner.GetManyAsync(keys, cancellationToken);

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        inner.ScanPagesAsync(options, cancellationToken);

    public ValueTask DisposeAsync() => default;

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        inner.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        inner.KeepHistoryAsync(follower, after, duration, cancellationToken);
}
