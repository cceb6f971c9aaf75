using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Reporting;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks;

/// <summary>Runs scenarios one after the other and reports.</summary>
/// <param name="options">How much is measured.</param>
/// <param name="command">The arguments that repeat the run.</param>
/// <param name="output">Where the report goes, without an extension; none for the terminal alone.</param>
internal sealed class BenchmarkRun(RunOptions options, string command, string? output)
{
    /// <summary>Runs them.</summary>
    /// <returns>The exit code: <see cref="ExitCode.Reached"/> or <see cref="ExitCode.Missed"/>.</returns>
    /// <exception cref="WrongValueException">A value was wrong or missing.</exception>
    public async Task<int> RunAsync(IReadOnlyList<IScenario> scenarios, CancellationToken cancellationToken)
    {
        var results = new List<ScenarioReport>();
        var progress = new ConsoleProgress();
        DateTimeOffset started = DateTimeOffset.UtcNow;
        foreach (IScenario scenario in scenarios)
        {
            progress.Report($"{scenario.Name}: {scenario.Title}");
            using var site = new Site(options, progress);
            var result = new ScenarioResult(scenario.Name, scenario.Title);
            await scenario.RunAsync(site, result, cancellationToken);
            results.Add(ScenarioReport.Of(result));
            ConsoleReport.Write(results[^1]);
        }

        if (output is not null)
        {
            await ReportFiles.WriteAsync(output, new Report(started, Machine.Read(), command, results));
        }

        return results.SelectMany(result => result.Goals).All(goal => goal.IsReached) ? ExitCode.Reached : ExitCode.Missed;
    }
}
