using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>What a scenario showed, for the terminal.</summary>
internal static class ConsoleReport
{
    public static void Write(ScenarioResult result)
    {
        Console.WriteLine($"{result.Scenario}: {result.Title}");
        foreach (Series figure in result.Figures)
        {
            Console.WriteLine($"  {figure.Name,-56}{figure.Median,14:N1} {figure.Unit} ({figure.Min:N1} to {figure.Max:N1})");
        }

        foreach (GoalOutcome outcome in result.Goals)
        {
            string against = outcome.Goal.Against.Length == 0 ? "" : $" against {outcome.Goal.Against}";
            Console.WriteLine($"  {(outcome.IsReached ? "reached" : "MISSED "),-8} {outcome.Goal.What}{against}: {outcome.Reached}, {outcome.Goal.Wanted}");
        }

        foreach (string note in result.Notes)
        {
            Console.WriteLine($"  {note}");
        }
    }
}
