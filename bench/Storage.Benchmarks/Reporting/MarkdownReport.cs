using System.Globalization;
using System.Text;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>A report for readers.</summary>
internal static class MarkdownReport
{
    private const string Program = "dotnet run -c Release --project bench/Storage.Benchmarks --";

    /// <summary>Writes it.</summary>
    /// <param name="report">The report.</param>
    /// <param name="chart">The file of the chart, seen from the file of the report.</param>
    public static string Write(Report report, string chart)
    {
        var text = new StringBuilder();
        WriteHead(text, report);
        WriteGoals(text, report, chart);
        foreach (ScenarioReport scenario in report.Scenarios)
        {
            WriteScenario(text, scenario);
        }

        return text.ToString();
    }

    private static void WriteHead(StringBuilder text, Report report)
    {
        Machine machine = report.Machine;
        Line(text, "# Benchmarks");
        Line(text);
        Line(text, $"Measured on {report.Date.ToString("d MMMM yyyy", CultureInfo.InvariantCulture)} with");
        Line(text, $"`{Program} {report.Command}`.");
        Line(text, "Contenders of a table took turns, round by round, in one run, and every value that was read was checked. The figures are");
        Line(text, "medians over the rounds; ratios are those of each round's values with each other.");
        Line(text);
        WriteTable(text, ["", ""], right: [], [
            ["processor", $"{machine.Processor}, {machine.Cores} cores"],
            ["memory", $"{machine.MemoryBytes / (double)(1 << 30):0.0} GiB"],
            ["system", $"{machine.System}, kernel {machine.Kernel}"],
            ["runtime", machine.Runtime],
            ["RocksDB", machine.RocksDb ?? "not installed"],
            ["Redis", machine.Redis ?? "not installed"],
        ]);
    }

    private static void WriteGoals(StringBuilder text, Report report, string chart)
    {
        IReadOnlyList<GoalOutcome> outcomes = report.GetOutcomes();
        if (outcomes.Count + report.GetSkipped().Count == 0)
        {
            return;
        }

        Line(text, "## Goals");
        Line(text);
        Line(text, $"{outcomes.Count(outcome => outcome.IsReached)} of {outcomes.Count} goals that were measured are reached.");
        Line(text);
        Line(text, $"![How much of each goal is reached]({chart})");
        Line(text);
        IEnumerable<(Goal Goal, string[] Cells)> measured = outcomes.Select(outcome => (outcome.Goal, (string[])
            [Figures.Format(outcome.Goal, outcome.Reached), outcome.Goal.Judge(outcome.Reached.Median)]));
        IEnumerable<(Goal Goal, string[] Cells)> skipped = report.GetSkipped()
            .Select(each => (each.Goal, (string[])["not measured", each.Why]));
        WriteTable(text, ["what", "against", "goal", "reached (spread)", ""], right: [2, 3], measured.Concat(skipped)
            .OrderBy(row => Report.PlaceOf(row.Goal))
            .Select(row => (string[])[row.Goal.What, row.Goal.Against, row.Goal.Wanted, .. row.Cells]));
        if (report.GetUntouched() is { Count: > 0 } untouched)
        {
            Line(text, "Not part of this run:");
            Line(text);
            foreach (Goal goal in untouched)
            {
                Line(text, $"- {goal.What}{(goal.Against.Length == 0 ? "" : $", against {goal.Against}")}: {goal.Wanted}");
            }

            Line(text);
        }
    }

    private static void WriteScenario(StringBuilder text, ScenarioReport scenario)
    {
        Line(text, $"## {scenario.Scenario}");
        Line(text);
        Line(text, scenario.Title);
        Line(text);
        foreach (IReadOnlyList<Series> table in scenario.Tables.Where(table => table.Count > 0))
        {
            string[] heads = ["", "median", "lowest", "highest", "unit", "first over this"];
            WriteTable(text, heads, right: [1, 2, 3, 5], table.Select((series, place) => (string[])
            [
                series.Name, Figures.Format(series.Median), Figures.Format(series.Min), Figures.Format(series.Max), series.Unit,
                place > 0 && string.Equals(series.Unit, table[0].Unit, StringComparison.Ordinal) ? table[0].Over(series).ToString() : "",
            ]));
        }

        foreach (MicroTable table in scenario.MicroTables)
        {
            string[] heads = [table.Title, "mean, ns", "error, ns", "allocated, bytes"];
            WriteTable(text, heads, right: [1, 2, 3], table.Rows.Select(row => (string[])
            [
                row.Name, Figures.Format(row.Nanoseconds), Figures.Format(row.ErrorNanoseconds), Figures.Format(row.AllocatedBytes),
            ]));
        }

        foreach (string note in scenario.Notes)
        {
            Line(text, note);
            Line(text);
        }
    }

    private static void WriteTable(StringBuilder text, string[] heads, int[] right, IEnumerable<string[]> rows)
    {
        Line(text, $"| {string.Join(" | ", heads)} |");
        Line(text, $"|{string.Concat(heads.Select((_, column) => right.Contains(column) ? "---:|" : "---|"))}");
        foreach (string[] row in rows)
        {
            Line(text, $"| {string.Join(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");
        }

        Line(text);
    }

    // Line ends do not depend on where the report is made.
    private static void Line(StringBuilder text, string line = "") => text.Append(line).Append('\n');
}
