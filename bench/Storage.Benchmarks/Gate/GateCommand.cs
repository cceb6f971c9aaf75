using System.CommandLine;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Reporting;

namespace WsStorage.Benchmarks.Gate;

/// <summary>Says in half a minute whether something has become much slower: ratios only, with generous bounds.</summary>
internal static class GateCommand
{
    private const int Rounds = 3;

    /// <summary>How many rounds decide, when the first few have said no: one of those may have met a busy moment.</summary>
    private const int DecidingRounds = 7;

    public static Command Create()
    {
        var command = new Command("gate", "Checks some ratios against generous bounds, for a build server; takes half a minute.");
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using GateChecks checks = await GateChecks.StartAsync(cancellationToken);
        int failed = 0;
        foreach (GateCheck check in checks.All)
        {
            Ratio ratio = await check.MeasureAsync(Rounds, cancellationToken);
            if (!check.Bound.IsReachedBy(ratio.Median))
            {
                Console.WriteLine($"again   {Describe(check.Bound, ratio)}");
                ratio = await check.MeasureAsync(DecidingRounds, cancellationToken);
            }

            bool passed = check.Bound.IsReachedBy(ratio.Median);
            failed += passed ? 0 : 1;
            Console.WriteLine($"{(passed ? "passed" : "FAILED")}  {Describe(check.Bound, ratio)}");
        }

        Console.WriteLine($"{checks.All.Count - failed} passed, {failed} failed");
        return failed == 0 ? ExitCode.Reached : ExitCode.Missed;
    }

    private static string Describe(Goal bound, Ratio ratio) =>
        $"{bound.What}{(bound.Against.Length == 0 ? "" : $", against {bound.Against}")}: {Figures.Format(bound, ratio)}, {bound.Wanted}";
}
