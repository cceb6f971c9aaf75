using System.Diagnostics;

namespace WsStorage.Cli.Bench;

/// <summary>
/// One run: for each connection as many loops as the depth says, each with one operation outstanding. A loop allocates
/// nothing for an operation beyond what the storage does.
/// </summary>
internal sealed class LoadRun(BenchPlan plan, Workload workload, int depth) : IDisposable
{
    // One histogram for each thread that records: no lock, and few enough to stay in the processor's cache.
    private readonly ThreadLocal<LatencyHistogram> _latencies = new(() => new LatencyHistogram(), trackAllValues: true);

    private long[] _counts = [];
    private long _measureFrom;
    private long _end;
    private long _operationsLeft;
    private long _mismatches;

    public async Task<BenchResult> RunAsync(IReadOnlyList<IStorage> connections, CancellationToken cancellationToken)
    {
        _operationsLeft = plan.Operations ?? 0;
        _measureFrom = Stopwatch.GetTimestamp() + Ticks(plan.WarmUp);
        _end = plan.Operations is null ? _measureFrom + Ticks(plan.Duration) : long.MaxValue;
        _counts = new long[connections.Count];
        var loops = new List<Task>();
        for (int connection = 0; connection < connections.Count; connection++)
        {
            int number = connection;
            for (int i = 0; i < depth; i++)
            {
                ulong seed = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
                loops.Add(Task.Run(() => LoopAsync(connections[number], number, seed, cancellationToken), cancellationToken));
            }
        }

        await Task.WhenAll(loops);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_measureFrom, plan.Operations is null ? _end : Stopwatch.GetTimestamp());
        var all = new LatencyHistogram();
        foreach (LatencyHistogram one in _latencies.Values)
        {
            all.Add(one);
        }

        return new BenchResult(workload, depth, all, elapsed, _mismatches) { OperationsByConnection = _counts };
    }

    public void Dispose() => _latencies.Dispose();

    private static long Ticks(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);

    private async Task LoopAsync(IStorage storage, int number, ulong random, CancellationToken cancellationToken)
    {
        byte[] key = new byte[BenchData.KeyBytes];
        byte[] value = new byte[plan.ValueBytes];
        var batch = new WriteBatch();
        long count = 0;

        // An operation begins when the one before it has ended, so that a look at the clock serves for both.
        long start = Stopwatch.GetTimestamp();
        while (start < _end && !cancellationToken.IsCancellationRequested)
        {
            bool measured = start >= _measureFrom;
            if (measured && plan.Operations is not null && Interlocked.Decrement(ref _operationsLeft) < 0)
            {
                break;
            }

            ulong choice = BenchData.Step(ref random);
            uint index = (uint)((choice >> 8) % (uint)plan.Keys);
            BenchData.WriteKey(key, index);
            bool isGet = workload == Workload.Get || (workload == Workload.Mix && (choice & 0xFF) * 100 < (ulong)plan.MixPercent * 256);
            if (isGet)
            {
                GetResult result = await storage.GetAsync(key, CancellationToken.None);
                if (!BenchData.IsValid(result.Value, plan.ValueBytes, index))
                {
                    Interlocked.Increment(ref _mismatches);
                }
            }
            else
            {
                BenchData.WriteValue(value, index, choice);
                await storage.WriteAsync(batch.Clear().Put(key, value), CancellationToken.None);
            }

            long end = Stopwatch.GetTimestamp();
            if (measured && end <= _end)
            {
                _latencies.Value!.Record(end - start);
                count++;
            }

            start = end;
        }

        Interlocked.Add(ref _counts[number], count);
    }
}
