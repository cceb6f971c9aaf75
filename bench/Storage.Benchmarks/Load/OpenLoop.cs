using System.Diagnostics;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>
/// Gets that begin at a fixed rate, whether those before have been answered or not. A latency counts from when the operation
/// was due, so that a stall is paid by all that fall due in it: no coordinated omission.
/// </summary>
/// <param name="storage">What is read.</param>
/// <param name="rate">Operations per second.</param>
/// <param name="options">How long to measure, and how long values are.</param>
/// <param name="keys">How many keys there are.</param>
internal sealed class OpenLoop(IStorage storage, double rate, RunOptions options, int keys) : IDisposable
{
    private readonly ThreadLocal<LatencyHistogram> _latencies = new(() => new LatencyHistogram(), trackAllValues: true);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The operations that are outstanding, and one for the pacing itself.
    private long _outstanding = 1;

    /// <summary>Measures once, for as long as the options say, after a quarter of that as warm-up.</summary>
    /// <returns>Operations per second that were offered, and the latencies.</returns>
    /// <exception cref="WrongValueException">A value that was read was not what was written.</exception>
    public async Task<Sample> MeasureAsync(CancellationToken cancellationToken)
    {
        await Task.Factory.StartNew(() => Pace(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await _ended.Task;
        var all = new LatencyHistogram();
        foreach (LatencyHistogram one in _latencies.Values)
        {
            all.Add(one);
        }

        return new Sample(rate, all);
    }

    public void Dispose() => _latencies.Dispose();

    private void Pace(CancellationToken cancellationToken)
    {
        double interval = Stopwatch.Frequency / rate;
        long warmUp = (long)(rate * options.Duration.TotalSeconds / 4);
        long count = warmUp + (long)(rate * options.Duration.TotalSeconds);
        long start = Stopwatch.GetTimestamp();
        for (long i = 0; i < count && !_ended.Task.IsCompleted; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long due = start + (long)(i * interval);
            while (Stopwatch.GetTimestamp() < due)
            {
                // Timers are a hundred times coarser than these intervals; a yield leaves the core to whoever has work.
                Thread.Yield();
            }

            Interlocked.Increment(ref _outstanding);
            _ = GetAsync(due, measured: i >= warmUp);
        }

        Leave();
    }

    private async Task GetAsync(long due, bool measured)
    {
        try
        {
            byte[] key = new byte[BenchData.KeyBytes];
            uint index = (uint)Random.Shared.Next(keys);
            BenchData.WriteKey(key, index);
            GetResult result = await storage.GetAsync(key, CancellationToken.None);
            long end = Stopwatch.GetTimestamp();
            if (!BenchData.IsValid(result.Value, options.ValueBytes, index))
            {
                throw new WrongValueException("A value that was read is not what was written.");
            }

            if (measured)
            {
                _latencies.Value!.Record(end - due);
            }
        }
        catch (Exception exception)
        {
            _ended.TrySetException(exception);
        }

        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _outstanding) == 0)
        {
            _ended.TrySetResult();
        }
    }
}
