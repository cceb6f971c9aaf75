namespace WsStorage.WsServer.Tests;

/// <summary>A storage whose reads of chunks that begin with certain keys wait, on their thread, until a test lets them go.</summary>
internal sealed class SlowReads(IBatchStorage inner) : IBatchStorage
{
    private readonly ManualResetEventSlim _open = new();
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;
    private int _most;

    /// <summary>How many waited at the same time at the most.</summary>
    public int MostWaiting => Volatile.Read(ref _most);

    /// <summary>Completes when the first waits.</summary>
    public Task Entered => _entered.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public void Open() => _open.Set();

    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        if (keys[0].Span.StartsWith("defect"u8))
        {
            throw new InvalidOperationException("A defect.");
        }

        if (keys[0].Span.StartsWith("slow"u8))
        {
            int waiting = Interlocked.Increment(ref _waiting);
            for (int most = MostWaiting; waiting > most; most = MostWaiting)
            {
                Interlocked.CompareExchange(ref _most, waiting, most);
            }

            _entered.TrySetResult();
            Assert.That(_open.Wait(TimeSpan.FromSeconds(20)), Is.True);
            Interlocked.Decrement(ref _waiting);
        }

        inner.ReadMany(keys, receiver);
    }

    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default) =>
        inner.WriteManyAsync(batches, results, cancellationToken);

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

    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken = default) =>
        inner.KeepHistoryAsync(follower, after, duration, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _open.Set();
        _open.Dispose();
        return default;
    }
}
