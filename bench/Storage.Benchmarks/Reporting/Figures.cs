using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>Numbers as a reader takes them in: with three digits that count.</summary>
internal static class Figures
{
    public static string Format(double value) => Math.Abs(value) switch
    {
        var whole when whole < 1e6 && whole == Math.Floor(whole) => $"{value:#,0}",
        >= 100 => $"{value:#,0}",
        >= 10 => $"{value:0.0}",
        _ => $"{value:0.00}",
    };

    /// <summary>Median and spread, in the goal's unit.</summary>
    public static string Format(Goal goal, Ratio ratio) => $"{goal.Format(ratio.Median)} ({Bare(goal, ratio.Min)} to {Bare(goal, ratio.Max)})";

    private static string Bare(Goal goal, double value) => goal.Unit is "x" ? $"{value:0.00}" : Format(value);
}
