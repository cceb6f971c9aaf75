using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Reporting;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks;

/// <summary>Runs scenarios one after the other and reports.</summary>
/// <param name="options">How much is measured.</param>
/// <param name="output">Where the report goes, without an extension; none for the terminal alone.</param>
internal sealed class BenchmarkRun(RunOptions options, string? output)
{
    /// <summary>Runs them.</summary>
    /// <returns>The exit code: 0 when all goals were reached, 1 when one was not, 2 when something was wrong.</returns>
    public async Task<int> RunAsync(IReadOnlyList<IScenario> scenarios, CancellationToken cancellationToken)
    {
        var results = new List<ScenarioResult>();
        var progress = new ConsoleProgress();
        foreach (IScenario scenario in scenarios)
        {
            progress.Report($"{scenario.Name}: {scenario.Title}");
            using var site = new Site(options, progress);
            var result = new ScenarioResult(scenario.Name, scenario.Title);
            try
            {
                await scenario.RunAsync(site, result, cancellationToken);
            }
            catch (WrongValueException exception)
            {
                await Console.Error.WriteLineAsync($"{scenario.Name}: {exception.Message}");
                return 2;
            }

            results.Add(result);
            ConsoleReport.Write(result);
        }

        if (output is not null)
        {
            await ReportFiles.WriteAsync(output, results);
        }

        return results.SelectMany(result => result.Goals).All(goal => goal.IsReached) ? 0 : 1;
    }
}
