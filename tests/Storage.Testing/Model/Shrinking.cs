namespace WsStorage.Testing;

/// <summary>Makes failing sequences smaller.</summary>
internal static class Shrinking
{
    /// <summary>The list without one half, then without a quarter, down to without one item: the most progress first.</summary>
    public static IEnumerable<IReadOnlyList<T>> Shorter<T>(IReadOnlyList<T> items)
    {
        for (int removed = Math.Max(items.Count / 2, 1); removed > 0 && items.Count > 0; removed /= 2)
        {
            for (int from = 0; from + removed <= items.Count; from += removed)
            {
                yield return [.. items.Take(from), .. items.Skip(from + removed)];
            }
        }
    }
}
