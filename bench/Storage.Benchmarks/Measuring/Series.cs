namespace WsStorage.Benchmarks.Measuring;

/// <summary>What one contender showed, round by round.</summary>
/// <param name="Name">Who.</param>
/// <param name="Unit">What the values count, such as <c>operations/s</c>.</param>
/// <param name="Values">One for each round, in their order.</param>
internal sealed record Series(string Name, string Unit, IReadOnlyList<double> Values)
{
    public double Median => Values.Median();

    public double Min => Values.Min();

    public double Max => Values.Max();

    /// <summary>Compares with another contender of the same rounds: each round's values with each other.</summary>
    /// <param name="other">The other one.</param>
    public Ratio Over(Series other) => Ratio.Of(Values.Zip(other.Values, (ours, theirs) => ours / theirs));
}
