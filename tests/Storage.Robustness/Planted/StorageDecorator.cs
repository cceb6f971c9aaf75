namespace WsStorage.Robustness.Planted;

/// <summary>A storage that passes everything on, for those that do one thing differently.</summary>
internal abstract class StorageDecorator(IStorage inner) : IStorage
{
    protected IStorage Inner { get; } = inner;

    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default) => Inner.GetInfoAsync(cancellationToken);

    public virtual ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Inner.GetAsync(key, cancellationToken);

    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) =>
        Inner.GetManyAsync(keys, cancellationToken);

    public virtual ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
        Inner.WriteAsync(batch, cancellationToken);

    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        Inner.ScanPagesAsync(options, cancellationToken);

    public virtual IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        Inner.WatchAsync(options, cancellationToken);

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        Inner.KeepHistoryAsync(follower, after, duration, cancellationToken);

    /// <summary>Leaves the inner storage to whoever made it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The same for a store that applies numbered writes once.</summary>
internal abstract class ExactlyOnceDecorator(IExactlyOnceStorage inner) : StorageDecorator(inner), IExactlyOnceStorage
{
    protected IExactlyOnceStorage Store => (IExactlyOnceStorage)Inner;

    public TimeSpan SessionRetention => Store.SessionRetention;

    public virtual ulong GetLastNumber(Guid session) => Store.GetLastNumber(session);

    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver) => Store.ReadMany(keys, receiver);

    public virtual ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
        Store.WriteManyAsync(batches, results, cancellationToken);

    /// <summary>A copy of a batch that outlives the call that brought it.</summary>
    protected static WriteBatch Copy(WriteBatch batch, WriteStamp? stamp)
    {
        WriteBatch copy = new WriteBatch().Load(batch.PackedPreconditions, batch.PackedOperations);
        copy.Stamp = stamp;
        return copy;
    }
}
