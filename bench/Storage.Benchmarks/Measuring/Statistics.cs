namespace WsStorage.Benchmarks.Measuring;

internal static class Statistics
{
    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    /// <param name="values">At least one.</param>
    public static double Median(this IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
