using System.Diagnostics;

namespace WsStorage.Robustness.Load;

/// <summary>Durations, and what of them is usual and what is rare. Thread-safe.</summary>
internal sealed class Latencies
{
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];

    /// <summary>Adds one that began at a time stamp of <see cref="Stopwatch"/> and ends now.</summary>
    public void AddSince(long started)
    {
        double elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        lock (_gate)
        {
            _milliseconds.Add(elapsed);
        }
    }

    /// <summary>The duration, in milliseconds, that a share of all does not exceed; none when there are none.</summary>
    public double Percentile(double share)
    {
        lock (_gate)
        {
            _milliseconds.Sort();
            return _milliseconds.Count == 0 ? double.NaN : _milliseconds[(int)Math.Min(_milliseconds.Count - 1, share * _milliseconds.Count)];
        }
    }

    /// <summary>For people.</summary>
    public override string ToString() => $"p50 {Percentile(0.5):f2} ms, p99 {Percentile(0.99):f2} ms";
}
