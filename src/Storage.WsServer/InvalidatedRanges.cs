namespace WsStorage.WsServer;

/// <summary>
/// Ranges that are to be read again, in order and without an overlap, so that finding those which concern a watch does not
/// take a comparison with each. Immutable.
/// </summary>
internal sealed class InvalidatedRanges
{
    /// <summary>The most bytes that one watch is told of ranges: what takes more is told as everything.</summary>
    public const int MaxBytes = 256 * 1024;

    private readonly KeyRange[] _ranges;

    private InvalidatedRanges(KeyRange[] ranges) => _ranges = ranges;

    /// <summary>What to tell a client that is to read everything again.</summary>
    public static IReadOnlyList<KeyRange> Everything { get; } = [KeyRange.All];

    /// <summary>Puts ranges in order.</summary>
    /// <param name="ranges">The ranges; empty ones are left out, and those that overlap become one.</param>
    /// <returns>The same keys.</returns>
    public static InvalidatedRanges Of(IReadOnlyList<KeyRange> ranges)
    {
        KeyRange[] sorted = [.. ranges.Where(range => !range.IsEmpty)];
        Array.Sort(sorted, static (left, right) => left.Start.Span.SequenceCompareTo(right.Start.Span));
        var merged = new List<KeyRange>(sorted.Length);
        foreach (KeyRange range in sorted)
        {
            if (merged.Count > 0 && IsBeforeEnd(range.Start, merged[^1]))
            {
                KeyRange last = merged[^1];
                bool reachesFurther = range.End.IsEmpty || (!last.End.IsEmpty && !IsBeforeEnd(range.End, last));
                merged[^1] = KeyRange.Between(last.Start, reachesFurther ? range.End : last.End);
            }
            else
            {
                merged.Add(range);
            }
        }

        return new InvalidatedRanges([.. merged]);
    }

    /// <summary>Those that concern a watch, whole.</summary>
    /// <param name="watched">What it watches.</param>
    /// <returns>The ranges that overlap it, in order.</returns>
    public IReadOnlyList<KeyRange> Within(KeyRange watched)
    {
        if (watched.IsEmpty)
        {
            return [];
        }

        int first = CountWhere(static (range, watched) => !IsBeforeEnd(watched.Start, range), watched);
        int end = CountWhere(static (range, watched) => IsBeforeEnd(range.Start, watched), watched);
        int count = Math.Max(0, end - first);
        return count == _ranges.Length ? _ranges : new ArraySegment<KeyRange>(_ranges, first, count);
    }

    private static bool IsBeforeEnd(ReadOnlyMemory<byte> key, KeyRange range) =>
        range.End.IsEmpty || key.Span.SequenceCompareTo(range.End.Span) < 0;

    /// <summary>How many ranges hold a condition that all hold up to some place, and none after it.</summary>
    private int CountWhere(Func<KeyRange, KeyRange, bool> condition, KeyRange watched)
    {
        int low = 0;
        int high = _ranges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (condition(_ranges[middle], watched))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
