using System.Security;
using System.Text;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>
/// A chart, as SVG, of how much of each goal was reached. For goals of the kind "at most" that is the goal over what was
/// measured, so that a longer bar is better everywhere.
/// </summary>
internal static class GoalChart
{
    private const int Width = 980;
    private const int Left = 380;
    private const int Right = 780;
    private const int Top = 64;
    private const int RowHeight = 34;
    private const int BarHeight = 14;

    /// <summary>How often the goal the axis holds; a longer bar is cut, and says so.</summary>
    private const double Longest = 2;

    // The background is drawn, too: a page may be dark where the reader's system is not.
    private const string Style = """
        <style>
          svg { font-family: system-ui, sans-serif; }
          .page { fill: #ffffff; } .text { fill: #1f2328; } .faint { fill: #59636e; } .grid { stroke: #d1d9e0; }
          .reached { fill: #2f8f6b; } .missed { fill: #c4631a; } .line { stroke: #1f2328; }
          @media (prefers-color-scheme: dark) {
            .page { fill: #0d1117; } .text { fill: #f0f6fc; } .faint { fill: #9198a1; } .grid { stroke: #30363d; }
            .reached { fill: #3fae83; } .missed { fill: #e08740; } .line { stroke: #f0f6fc; }
          }
        </style>
        """;

    public static string Draw(Report report)
    {
        IReadOnlyList<GoalOutcome> outcomes = report.GetOutcomes();
        int bottom = Top + (outcomes.Count * RowHeight);
        var svg = new StringBuilder();
        int height = bottom + 16;
        string size = $"width=\"{Width}\" height=\"{height}\"";
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" {size} role=\"img\">");
        Line(svg, "<title>How much of each goal is reached</title>");
        svg.Append(Style.ReplaceLineEndings("\n")).Append('\n');
        Line(svg, $"<rect class=\"page\" {size}/>");
        Text(svg, 8, 24, "text", 15, "How much of each goal is reached (longer is better)");
        for (double share = 0; share <= Longest; share += 0.5)
        {
            bool isGoal = share == 1;
            int x = At(share);
            Line(svg, $"<line class=\"{(isGoal ? "line" : "grid")}\" x1=\"{x}\" x2=\"{x}\" y1=\"{Top - 8}\" y2=\"{bottom}\"/>");
            Text(svg, x, Top - 14, isGoal ? "text" : "faint", 11, isGoal ? "goal" : $"{share:0 %}", "middle");
        }

        for (int row = 0; row < outcomes.Count; row++)
        {
            DrawRow(svg, outcomes[row], Top + (row * RowHeight));
        }

        Line(svg, "</svg>");
        return svg.ToString();
    }

    private static void DrawRow(StringBuilder svg, GoalOutcome outcome, int y)
    {
        Goal goal = outcome.Goal;
        double share = goal.ShareReachedBy(outcome.Reached.Median);
        int middle = y + (RowHeight / 2);
        Text(svg, 8, middle - 1, "text", 12, goal.What);
        Text(svg, 8, middle + 12, "faint", 10, goal.Against.Length == 0 ? goal.Wanted : $"{goal.Wanted} of {goal.Against}");
        string kind = outcome.IsReached ? "reached" : "missed";
        string bar = $"x=\"{Left}\" y=\"{middle - (BarHeight / 2)}\" width=\"{At(share) - Left}\" height=\"{BarHeight}\"";
        Line(svg, $"<rect class=\"{kind}\" {bar} rx=\"2\"/>");
        double[] spread = [goal.ShareReachedBy(outcome.Reached.Min), goal.ShareReachedBy(outcome.Reached.Max)];
        Line(svg, $"<line class=\"line\" x1=\"{At(spread.Min())}\" x2=\"{At(spread.Max())}\" y1=\"{middle}\" y2=\"{middle}\"/>");
        string value = $"{(share > Longest ? "\u2192 " : "")}{goal.Format(outcome.Reached.Median)}";
        Text(svg, Right + 12, middle + 4, "text", 12, outcome.IsReached ? value : $"{value}, missed");
    }

    /// <summary>Where a share of the goal is on the axis.</summary>
    private static int At(double share) =>
        Left + (int)((Right - Left) * Math.Clamp(double.IsNaN(share) ? 0 : share, 0, Longest) / Longest);

    private static void Text(StringBuilder svg, int x, int y, string kind, int size, string text, string anchor = "start") =>
        Line(
            svg,
            $"<text class=\"{kind}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{SecurityElement.Escape(text)}</text>");

    private static void Line(StringBuilder svg, string line) => svg.Append(line).Append('\n');
}
