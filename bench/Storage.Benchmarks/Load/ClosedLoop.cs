using System.Diagnostics;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>Loops that each have one operation outstanding, measured as those of <see cref="StorageLoad"/> are.</summary>
internal static class ClosedLoop
{
    /// <summary>Measures for as long as the options say, after a quarter of that as warm-up.</summary>
    /// <param name="operations">For each loop what it does again and again.</param>
    /// <param name="options">How long.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Operations per second, and their latencies.</returns>
    public static async Task<Sample> MeasureAsync(
        IEnumerable<Func<ValueTask>> operations, RunOptions options, CancellationToken cancellationToken)
    {
        using var latencies = new ThreadLocal<LatencyHistogram>(() => new LatencyHistogram(), trackAllValues: true);
        long from = Stopwatch.GetTimestamp() + Ticks(options.Duration / 4);
        long until = from + Ticks(options.Duration);
        await Task.WhenAll(operations.Select(operation => Task.Run(() => LoopAsync(operation), cancellationToken)));
        var all = new LatencyHistogram();
        foreach (LatencyHistogram one in latencies.Values)
        {
            all.Add(one);
        }

        return new Sample(all.Count / options.Duration.TotalSeconds, all);

        async Task LoopAsync(Func<ValueTask> operation)
        {
            for (long start = Stopwatch.GetTimestamp(); start < until; start = Stopwatch.GetTimestamp())
            {
                cancellationToken.ThrowIfCancellationRequested();
                await operation();
                long end = Stopwatch.GetTimestamp();
                if (start >= from && end <= until)
                {
                    latencies.Value!.Record(end - start);
                }
            }
        }
    }

    private static long Ticks(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);
}
