namespace WsStorage.Replica;

/// <summary>The keys that are copied, as ranges in key order that neither overlap nor touch; none for all keys.</summary>
internal static class CopyRanges
{
    private static readonly KeyRange[] All = [KeyRange.All];

    /// <summary>Puts ranges in order and joins those that overlap or touch.</summary>
    /// <param name="ranges">Ranges, none of them empty; none for all keys.</param>
    /// <returns>The ranges, in memory of their own.</returns>
    public static IReadOnlyList<KeyRange> Normalize(IReadOnlyList<KeyRange> ranges)
    {
        KeyRange[] sorted = [.. ranges];
        Array.Sort(sorted, static (left, right) => left.Start.Span.SequenceCompareTo(right.Start.Span));
        List<KeyRange> joined = [];
        foreach (KeyRange range in sorted)
        {
            if (joined.Count > 0 && Touches(joined[^1], range))
            {
                joined[^1] = KeyRange.Between(joined[^1].Start, LaterEnd(joined[^1].End, range.End));
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined is [var only] && only == KeyRange.All
            ? []
            : joined.ConvertAll(static range => KeyRange.Between(range.Start.ToArray(), range.End.ToArray()));
    }

    /// <summary>The ranges to walk: those that are given, or that of all keys.</summary>
    public static IReadOnlyList<KeyRange> Walk(IReadOnlyList<KeyRange> ranges) => ranges.Count == 0 ? All : ranges;

    /// <summary>The smallest range that holds all of them.</summary>
    public static KeyRange Hull(IReadOnlyList<KeyRange> ranges) =>
        ranges.Count == 0 ? KeyRange.All : KeyRange.Between(ranges[0].Start, ranges[^1].End);

    /// <summary>What of the copied keys is in a range.</summary>
    /// <returns>Ranges in key order, none of them empty.</returns>
    public static IReadOnlyList<KeyRange> Within(IReadOnlyList<KeyRange> ranges, KeyRange range) =>
        [.. Walk(ranges).Select(each => each.Intersect(range)).Where(each => !each.IsEmpty)];

    /// <summary>Whether a key is copied.</summary>
    public static bool Contains(IReadOnlyList<KeyRange> ranges, ReadOnlySpan<byte> key)
    {
        // The last range that begins at or before the key is the only one that can hold it.
        int low = 0;
        int high = ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ranges[middle].Start.Span.SequenceCompareTo(key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return ranges.Count == 0 || (low > 0 && ranges[low - 1].Contains(key));
    }

    private static bool Touches(KeyRange earlier, KeyRange later) =>
        earlier.End.IsEmpty || later.Start.Span.SequenceCompareTo(earlier.End.Span) <= 0;

    private static ReadOnlyMemory<byte> LaterEnd(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right)
    {
        if (left.IsEmpty || right.IsEmpty)
        {
            return default;
        }

        return left.Span.SequenceCompareTo(right.Span) >= 0 ? left : right;
    }
}
