using System.Text;
using WsStorage.Leases;
using WsStorage.Protocol.Messages;
using WsStorage.WsClient.Leases;
using WsStorage.WsClient.Watches;

namespace WsStorage.WsClient;

/// <summary>What can be asked of the store.</summary>
public sealed partial class WsStorageClient
{
    private const int MaxFollowerBytes = 256;

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<StorageInfo>(cancellationToken);
        }

        return new PendingInfo().Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        StorageLimits.CheckKey(key.Span);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetResult>(cancellationToken);
        }

        PendingGet request = _queue.Pool.Gets.Rent();
        request.Encode(new GetRequest(key.Span));
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            StorageLimits.CheckKey(keys[i].Span);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetManyResult>(cancellationToken);
        }

        PendingGetMany request = _queue.Pool.GetManys.Rent();
        request.KeyCount = keys.Count;
        request.Encode(new GetManyRequest(keys));
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Applied once, whatever happens to the connection, if the server's store can do that; the batch's
    /// <see cref="WriteBatch.Stamp"/> is not heeded.
    /// </remarks>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        _queue.Bounds.Limits?.Check(batch);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<WriteResult>(cancellationToken);
        }

        PendingWrite request = _queue.Pool.Writes.Rent();
        request.Encode(new WriteRequest(batch));
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        return RemoteScan.ReadAsync(_queue, _options, options, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Outlives its connection: it goes on over the next, after the last event that has arrived. While there is none it waits,
    /// however long.
    /// </remarks>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        return RemoteWatch.ReadAsync(_watches, options, _options.WatchWindowBytes, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        int bytes = Encoding.UTF8.GetByteCount(follower);
        if (bytes is 0 or > MaxFollowerBytes)
        {
            throw StorageException.InvalidArgument($"A follower's name has {bytes} bytes in UTF-8; it must have 1 to {MaxFollowerBytes}.");
        }

        if (duration < TimeSpan.Zero)
        {
            throw StorageException.InvalidArgument($"History is to be kept for {duration}; it must be zero or more.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        var request = new PendingKeepHistory();
        request.Encode(new KeepHistoryRequest(follower, after, duration));
        await request.Start(_queue, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The lease belongs to the client's id (<see cref="WsStorageClientOptions.ClientId"/>) and certificate. It outlives its
    /// connection, and ends when there was none for its time to live.
    /// </remarks>
    public ValueTask<StorageLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        RemoteLease.GrantAsync(
            this, new LeaseRequests(_queue, _options.TimeProvider), _options.TimeProvider, timeToLive, cancellationToken);

    /// <summary>
    /// Makes all clients that watch some ranges, and asked for it (<see cref="WatchOptions.Invalidations"/>), read them again.
    /// </summary>
    /// <param name="ranges">What to read again: 1 to 65,536 ranges. Everything is <see cref="KeyRange.All"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many watches are told.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: there are too few or too many.</exception>
    public ValueTask<int> InvalidateAsync(IReadOnlyList<KeyRange> ranges, CancellationToken cancellationToken = default)
    {
        if (ranges.Count is 0 or > InvalidateRequest.MaxRanges)
        {
            throw StorageException.InvalidArgument($"{ranges.Count} ranges are given; it must be 1 to {InvalidateRequest.MaxRanges}.");
        }

        for (int i = 0; i < ranges.Count; i++)
        {
            ranges[i].CheckBounds();
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        var request = new PendingInvalidate();
        request.Encode(new InvalidateRequest(ranges));
        return request.Start(_queue, cancellationToken);
    }
}
