using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>What a scenario showed, for the terminal.</summary>
internal static class ConsoleReport
{
    public static void Write(ScenarioReport result)
    {
        Console.WriteLine($"{result.Scenario}: {result.Title}");
        foreach (Series figure in result.Tables.SelectMany(table => table))
        {
            Console.WriteLine($"  {figure.Name,-56}{figure.Median,14:N1} {figure.Unit} ({figure.Min:N1} to {figure.Max:N1})");
        }

        foreach (MicroTable table in result.MicroTables)
        {
            Console.WriteLine($"  {table.Title}");
            foreach (MicroRow row in table.Rows)
            {
                Console.WriteLine($"    {row.Name,-54}{row.Nanoseconds,14:N1} ns {row.AllocatedBytes,12:N0} bytes");
            }
        }

        foreach (GoalOutcome outcome in result.Goals)
        {
            Console.WriteLine(
                $"  {(outcome.IsReached ? "reached" : "MISSED "),-8} {Describe(outcome.Goal)}: "
                + $"{Figures.Format(outcome.Goal, outcome.Reached)}, {outcome.Goal.Wanted}");
        }

        foreach (SkippedGoal skipped in result.Skipped)
        {
            Console.WriteLine($"  skipped  {Describe(skipped.Goal)}: {skipped.Why}");
        }

        foreach (string note in result.Notes)
        {
            Console.WriteLine($"  {note}");
        }
    }

    private static string Describe(Goal goal) => goal.Against.Length == 0 ? goal.What : $"{goal.What} against {goal.Against}";
}
