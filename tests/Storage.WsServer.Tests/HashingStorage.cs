namespace WsStorage.WsServer.Tests;

/// <summary>A storage that tells hashes of its own.</summary>
internal sealed class HashingStorage(IStorage inner, params RangeHash[] hashes) : IRangeHashStorage
{
    /// <summary>What it was asked for last.</summary>
    public RangeHashOptions? Asked { get; private set; }

    /// <summary>Called before each hash.</summary>
    public Action BeforeEach { get; set; } = static () => { };

    public async IAsyncEnumerable<RangeHash> HashRangesAsync(
        RangeHashOptions options, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Asked = options;
        foreach (RangeHash hash in hashes)
        {
            BeforeEach();
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return hash;
        }
    }

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

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        inner.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        inner.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public ValueTask DisposeAsync() => default;
}
