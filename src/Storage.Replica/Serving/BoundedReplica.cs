using System.Runtime.CompilerServices;

namespace WsStorage.Replica.Serving;

/// <summary>A replica as readers see it who want it no older than a bound.</summary>
/// <param name="replica">The replica.</param>
/// <param name="bounds">Sees to the bound.</param>
/// <param name="bound">The bound.</param>
internal sealed class BoundedReplica(ReplicaStorage replica, ReadBounds bounds, ReadBound bound) : IBatchStorage, IRangeHashStorage
{
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => replica.GetInfoAsync(cancellationToken);

    public async ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        await bounds.EnsureAsync(bound, cancellationToken).ConfigureAwait(false);
        return await replica.GetAsync(key, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        await bounds.EnsureAsync(bound, cancellationToken).ConfigureAwait(false);
        return await replica.GetManyAsync(keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads at once, so it can't wait for its bound.</summary>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        bounds.Check(bound);
        replica.ReadMany(keys, receiver);
    }

    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        replica.WriteAsync(batch, cancellationToken);

    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
        replica.WriteManyAsync(batches, results, cancellationToken);

    public async IAsyncEnumerable<ScanPage> ScanPagesAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await bounds.EnsureAsync(bound, cancellationToken).ConfigureAwait(false);
        await foreach (ScanPage page in replica.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            yield return page;
        }
    }

    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        replica.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        replica.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public async IAsyncEnumerable<RangeHash> HashRangesAsync(
        RangeHashOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await bounds.EnsureAsync(bound, cancellationToken).ConfigureAwait(false);
        await foreach (RangeHash hash in replica.HashRangesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            yield return hash;
        }
    }

    /// <summary>Is the replica's matter.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
