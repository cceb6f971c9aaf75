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

    public string Format(double value) => Unit is "x" ? $"{value:0.00} x" : $"{value:#,0.##} {Unit}";
}
