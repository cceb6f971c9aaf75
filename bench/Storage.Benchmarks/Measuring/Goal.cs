namespace WsStorage.Benchmarks.Measuring;

/// <summary>What is to be reached.</summary>
/// <param name="What">What is measured.</param>
/// <param name="Against">What it is compared with.</param>
/// <param name="Bound">The least, or the most, that is good enough.</param>
/// <param name="IsAtLeast">Whether more is better.</param>
/// <param name="Unit">What the bound counts; <c>x</c> for a ratio.</param>
internal sealed record Goal(string What, string Against, double Bound, bool IsAtLeast, string Unit = "x")
{
    public string Wanted => $"{(IsAtLeast ? "at least" : "at most")} {Format(Bound)}";

    public static Goal AtLeast(string what, string against, double bound, string unit = "x") => new(what, against, bound, true, unit);

    public static Goal AtMost(string what, string against, double bound, string unit = "x") => new(what, against, bound, false, unit);

    public bool IsReachedBy(double value) => IsAtLeast ? value >= Bound : value <= Bound;

    /// <summary>How much of the goal a value is: 1 when it is just reached, more when it is surpassed.</summary>
    /// <param name="value">The value.</param>
    public double ShareReachedBy(double value) => IsAtLeast ? value / Bound
        : value > 0 ? Bound / value
        : IsReachedBy(value) ? 1 : 0;

    /// <summary>Says in a few words whether a value reaches the goal, and how far it is from it if not.</summary>
    /// <param name="value">The value.</param>
    public string Judge(double value) => IsReachedBy(value) ? "yes"
        : IsAtLeast ? $"no: {value / Bound:0 %} of it"
        : Bound == 0 ? $"no: {Format(value)} too many"
        : $"no: {value / Bound:0.00} times as much";

    public string Format(double value) => Unit is "x" ? $"{value:0.00} x" : $"{value:#,0.##} {Unit}";
}
