namespace WsStorage;

/// <summary>
/// An ordered key-value store. Keys and values are bytes; keys are ordered as unsigned bytes, the shorter first. The
/// same interface stands for a store in this process, one behind a WebSocket, and a replica.
/// </summary>
/// <remarks>
/// <para>Every implementation is thread-safe: any number of operations may be outstanding at once.</para>
/// <para>Operations are linearizable: once a write has been acknowledged, every later read sees it. A read sent while a
/// write is unacknowledged may or may not see it.</para>
/// <para>Every member throws <see cref="StorageException"/>, which says whether a write was applied, or
/// <see cref="OperationCanceledException"/> when its token is cancelled; a cancelled write may still be applied.</para>
/// <para>Memory passed in belongs to the caller and must stay unchanged until the operation completes. Arrays handed out
/// belong to the receiver.</para>
/// </remarks>
public interface IStorage : IAsyncDisposable
{
    /// <summary>What this store is and how far it is: epoch, revision, size, limits.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A snapshot of the facts at the time of the call.</returns>
    ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads one key.</summary>
    /// <param name="key">0 to <see cref="StorageLimits.MaxKeyBytes"/> bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The value, or none, as of <see cref="GetResult.Revision"/> or later.</returns>
    ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Reads many keys at one revision.</summary>
    /// <param name="keys">The keys, in any order; the same key may stand more than once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>One value or <see langword="null"/> for each key, in the order of <paramref name="keys"/>.</returns>
    ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default);

    /// <summary>Applies a batch atomically if all of its preconditions hold, and changes nothing otherwise.</summary>
    /// <param name="batch">Preconditions and operations. The operations apply in their order; the batch must not be
    /// changed or reused until the returned task completes. A batch without operations only checks its preconditions and
    /// takes no revision.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Whether the batch was applied, and at which revision. Completes once the batch is durable at the store's
    /// <see cref="Durability"/>.</returns>
    ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Reads a range in key order, page by page, all of it at one revision.</summary>
    /// <param name="options">What to read and how.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    /// <returns>Pages in order, none of them empty. A page is valid until the enumerator moves on; copy what must outlive
    /// it. Disposing the enumerator releases what the scan pins.</returns>
    /// <seealso cref="StorageExtensions.ScanAsync(IStorage, ScanOptions, CancellationToken)"/>
    IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Follows the changes of a range, from now or from a position on: each committed batch that touches the range, whole and
    /// in order, none twice and none left out. Goes on until it is disposed of or cancelled.
    /// </summary>
    /// <param name="options">What to follow and from where.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>
    /// First a mark of the position that the watch begins after; it begins when that first event is asked for. Then changes and
    /// marks. An event is valid until the enumerator moves on. A watch that is slow costs writers nothing: it reads on from the
    /// commit log.
    /// </returns>
    /// <remarks>
    /// The enumerator throws a <see cref="StorageException"/> when the watch can't begin or go on there, by reason:
    /// <see cref="StorageErrorCode.Compacted"/>, <see cref="StorageErrorCode.EpochChanged"/>,
    /// <see cref="StorageErrorCode.Diverged"/>, <see cref="StorageErrorCode.LimitExceeded"/>. It never just ends.
    /// </remarks>
    IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Keeps history for a follower that may be away for a while: what was committed after a revision is not compacted for some
    /// time, up to the bound that the store has set for all. Survives a restart of the store, as far as its data does.
    /// </summary>
    /// <param name="follower">The follower's name, 1 to 256 bytes in UTF-8; each call replaces what was said before under it.</param>
    /// <param name="after">The revision that the follower has reached.</param>
    /// <param name="duration">For how long, from now; zero keeps nothing more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when it is durable.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>: the history is gone already.
    /// <see cref="StorageErrorCode.LimitExceeded"/>: there are too many followers.</exception>
    ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default);
}
