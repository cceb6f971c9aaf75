namespace WsStorage.Benchmarks.Measuring;

/// <summary>How two contenders compare: the median over the rounds, and the spread.</summary>
/// <param name="Median">The median.</param>
/// <param name="Min">The least of all rounds.</param>
/// <param name="Max">The most.</param>
internal readonly record struct Ratio(double Median, double Min, double Max)
{
    /// <summary>Takes the rounds together.</summary>
    /// <param name="values">One for each round, at least one.</param>
    public static Ratio Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return new Ratio(all.Median(), all.Min(), all.Max());
    }

    public override string ToString() => $"{Median:0.00} ({Min:0.00} to {Max:0.00})";
}
