namespace WsStorage.Robustness.Load;

/// <summary>What all workers on the counters share.</summary>
internal sealed class CounterBoard(int counters, int increments)
{
    private readonly long[] _acknowledged = new long[counters];
    private int _left = increments;
    private long _retries;
    private string? _failure;

    /// <summary>How many increments were acknowledged.</summary>
    public Milestone Done { get; } = new();

    /// <summary>How many increments were acknowledged, counter by counter.</summary>
    public IReadOnlyList<long> Acknowledged => _acknowledged;

    /// <summary>How many compare-and-sets found that another worker had been faster.</summary>
    public long Retries => Volatile.Read(ref _retries);

    /// <summary>The first error that a worker met.</summary>
    public string? Failure => _failure;

    /// <summary>Takes one of the increments that are left.</summary>
    public bool TryTake() => Interlocked.Decrement(ref _left) >= 0;

    /// <summary>An increment was acknowledged.</summary>
    public void Acknowledge(int counter)
    {
        Interlocked.Increment(ref _acknowledged[counter]);
        Done.Add(1);
    }

    /// <summary>A compare-and-set came too late.</summary>
    public void Retry() => Interlocked.Increment(ref _retries);

    /// <summary>A worker met an error.</summary>
    public void Fail(StorageException exception) =>
        Interlocked.CompareExchange(ref _failure, $"{exception.Code} ({exception.Outcome}): {exception.Message}", null);
}

/// <summary>
/// Increments random counters by reading them and then setting them if they have not changed: the loop that everybody writes.
/// It is right only if each answer is: an increment that was applied and then refused, because it was sent twice, is one too
/// many.
/// </summary>
internal sealed class CounterWorker(IStorage storage, CounterBoard board, int worker, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>How many increments were acknowledged to this worker.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Goes on until no increment is left, or there is an error.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (board.TryTake())
            {
                int counter = _random.Next(board.Acknowledged.Count);
                await IncrementAsync(CounterValue.KeyOf(counter), Acknowledged + 1);
                Acknowledged++;
                board.Acknowledge(counter);
            }
        }
        catch (StorageException exception)
        {
            board.Fail(exception);
        }
    }

    private async Task IncrementAsync(byte[] key, int sequence)
    {
        var batch = new WriteBatch();
        while (true)
        {
            byte[]? now = (await storage.GetAsync(key)).Value;
            batch.Clear();
            if (now is null)
            {
                batch.RequireAbsent(key);
            }
            else
            {
                batch.RequireEqual(key, now);
            }

            long count = now is null ? 0 : CounterValue.Read(now).Count;
            batch.Put(key, new CounterValue(count + 1, worker, sequence).ToArray());
            if ((await storage.WriteAsync(batch)).Applied)
            {
                return;
            }

            board.Retry();
        }
    }
}
