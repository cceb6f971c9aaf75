using System.Diagnostics;
using System.Numerics;

namespace WsStorage.Cli.Bench;

/// <summary>
/// Counts durations in buckets that grow with them: below 64 ticks exact, then 64 buckets for each power of two, so that a
/// percentile is at most 1.6 % too high. Recording allocates nothing. Not thread-safe.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int Buckets = (64 - SubBits + 1) << SubBits;

    private readonly long[] _counts = new long[Buckets];
    private long _max;

    public long Count { get; private set; }

    public TimeSpan Max => Stopwatch.GetElapsedTime(0, _max);

    /// <summary>Counts a duration.</summary>
    /// <param name="ticks">In ticks of <see cref="Stopwatch"/>.</param>
    public void Record(long ticks)
    {
        ulong value = (ulong)Math.Max(ticks, 0);
        int shift = Math.Max(0, BitOperations.Log2(value | 1) - SubBits);
        _counts[(shift << SubBits) + (int)(value >> shift)]++;
        _max = Math.Max(_max, ticks);
        Count++;
    }

    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        _max = Math.Max(_max, other._max);
        Count += other.Count;
    }

    /// <summary>The duration that a share of all do not exceed.</summary>
    /// <param name="share">From 0 to 1, such as 0.99.</param>
    public TimeSpan Percentile(double share)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return Stopwatch.GetElapsedTime(0, Math.Min(UpperBound(i), _max));
            }
        }

        return TimeSpan.Zero;
    }

    private static long UpperBound(int bucket)
    {
        // The buckets of shift s begin at (s << 6) + 64, save for shift 0, whose first 64 are exact.
        int shift = Math.Max(0, (bucket >> SubBits) - 1);
        long sub = bucket - (shift << SubBits);
        return ((sub + 1) << shift) - 1;
    }
}
