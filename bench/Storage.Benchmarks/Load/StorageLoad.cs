using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>Gets and puts of single keys over any storage: on each connection as many outstanding as the depth says.</summary>
internal static class StorageLoad
{
    private const int KeptOutstanding = 8;

    /// <summary>Writes the keys that are read and overwritten later.</summary>
    public static Task FillAsync(IStorage storage, RunOptions options, int keys, CancellationToken cancellationToken) =>
        Preload.RunAsync(storage, Plan(options, keys), cancellationToken);

    /// <summary>Reads all keys: what is measured then is memory, not the disk.</summary>
    public static async Task WarmAsync(IStorage storage, int keys, CancellationToken cancellationToken)
    {
        await foreach (ScanPage page in storage.ScanPagesAsync(new ScanOptions(), cancellationToken))
        {
            _ = page;
        }

        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, KeptOutstanding).Select(_ => ReadOnAsync()));

        async Task ReadOnAsync()
        {
            for (int first; (first = Interlocked.Add(ref next, BulkLoad.Together) - BulkLoad.Together) < keys;)
            {
                await storage.GetManyAsync([.. Enumerable.Range(first, Math.Min(BulkLoad.Together, keys - first)).Select(KeyOf)], cancellationToken);
            }
        }
    }

    /// <summary>Measures for as long as the options say, after a quarter of that as warm-up.</summary>
    /// <returns>Operations per second, and their latencies from call to result.</returns>
    /// <exception cref="WrongValueException">A value that was read was not what was written.</exception>
    public static async Task<Sample> MeasureAsync(
        IReadOnlyList<IStorage> connections, Workload workload, int depth, RunOptions options, int keys, CancellationToken cancellationToken)
    {
        BenchResult result = await RunAsync(connections, workload, depth, options, keys, cancellationToken);
        return new Sample(result.OperationsPerSecond, result.Latencies);
    }

    /// <summary>As <see cref="MeasureAsync"/>, with all that was counted.</summary>
    /// <exception cref="WrongValueException">A value that was read was not what was written.</exception>
    public static async Task<BenchResult> RunAsync(
        IReadOnlyList<IStorage> connections, Workload workload, int depth, RunOptions options, int keys, CancellationToken cancellationToken)
    {
        using var run = new LoadRun(Plan(options, keys), workload, depth);
        BenchResult result = await run.RunAsync(connections, cancellationToken);
        return result.Mismatches == 0
            ? result
            : throw new WrongValueException($"{result.Mismatches:N0} values that were read are not what was written.");
    }

    private static ReadOnlyMemory<byte> KeyOf(int index)
    {
        byte[] key = new byte[BenchData.KeyBytes];
        BenchData.WriteKey(key, (uint)index);
        return key;
    }

    private static BenchPlan Plan(RunOptions options, int keys) => new()
    {
        Workloads = [],
        Depths = [],
        Connections = 1,
        Keys = keys,
        ValueBytes = options.ValueBytes,
        MixPercent = 0,
        Duration = options.Duration,
        WarmUp = options.Duration / 4,
    };
}
