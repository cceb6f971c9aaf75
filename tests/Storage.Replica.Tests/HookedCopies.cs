using WsStorage.Core.Copies;

namespace WsStorage.Replica.Tests;

/// <summary>Copies whose promotion, and whose answers about themselves, a test can interfere with.</summary>
internal sealed class HookedCopies(InMemoryCopyStore copies) : ICopyStore
{
    private readonly Dictionary<ICopy, HookedCopy> _hooked = [];

    /// <summary>Called when a copy has been made the current one; may throw.</summary>
    public Action Promoted { get; set; } = static () => { };

    /// <summary>Called when a copy has said what it is, before that is handed over.</summary>
    public Func<ValueTask> Told { get; set; } = static () => ValueTask.CompletedTask;

    /// <summary>Whether copies fail to apply, and go on to fail until they are opened again.</summary>
    public bool IsFull { get; set; }

    public ICopy? Current => Hook(copies.Current);

    public ICopy? Next => Hook(copies.Next);

    public async ValueTask<ICopy> BeginAsync(IReadOnlyList<KeyRange> ranges, Position start, CancellationToken cancellationToken = default) =>
        Hook(await copies.BeginAsync(ranges, start, cancellationToken))!;

    public ValueTask DropNextAsync(CancellationToken cancellationToken = default) => copies.DropNextAsync(cancellationToken);

    public async ValueTask<IAsyncDisposable?> PromoteAsync(CancellationToken cancellationToken = default)
    {
        IAsyncDisposable? former = await copies.PromoteAsync(cancellationToken);
        Promoted();
        return former;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private HookedCopy? Hook(ICopy? copy)
    {
        if (copy is null)
        {
            return null;
        }

        if (!_hooked.TryGetValue(copy, out HookedCopy? hooked))
        {
            hooked = new HookedCopy(copy, this);
            _hooked.Add(copy, hooked);
        }

        return hooked;
    }

    private sealed class HookedCopy(ICopy copy, HookedCopies owner) : ICopy
    {
        public CopyState State => copy.State;

        public bool HasFailed { get; private set; }

        public ValueTask ReopenAsync(CancellationToken cancellationToken = default)
        {
            HasFailed = owner.IsFull ? throw Full() : false;
            return ValueTask.CompletedTask;
        }

        public ValueTask LoadAsync(ReadOnlyMemory<byte> packedRows, CopyLoad load, CancellationToken cancellationToken = default) =>
            copy.LoadAsync(packedRows, load, cancellationToken);

        public ValueTask ApplyAsync(ReadOnlyMemory<CopiedBatch> batches, CancellationToken cancellationToken = default)
        {
            HasFailed |= owner.IsFull;
            return HasFailed ? throw Full() : copy.ApplyAsync(batches, cancellationToken);
        }

        public ValueTask MendAsync(WriteBatch operations, CancellationToken cancellationToken = default) =>
            copy.MendAsync(operations, cancellationToken);

        public async ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
        {
            StorageInfo info = await copy.GetInfoAsync(cancellationToken);
            await owner.Told();
            return info;
        }

        public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
            copy.GetAsync(key, cancellationToken);

        public ValueTask<GetManyResult> GetManyAsync(
            IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default) => copy.GetManyAsync(keys, cancellationToken);

        public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver) => copy.ReadMany(keys, receiver);

        public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default) =>
            copy.WriteAsync(batch, cancellationToken);

        public ValueTask WriteManyAsync(
            ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
            copy.WriteManyAsync(batches, results, cancellationToken);

        public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
            copy.ScanPagesAsync(options, cancellationToken);

        public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
            copy.WatchAsync(options, cancellationToken);

        public ValueTask KeepHistoryAsync(
            string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
            copy.KeepHistoryAsync(follower, after, duration, cancellationToken);

        public ValueTask DisposeAsync() => copy.DisposeAsync();

        private static StorageException Full() => new(StorageErrorCode.DiskFull, "The disk is full, by a test.");
    }
}
