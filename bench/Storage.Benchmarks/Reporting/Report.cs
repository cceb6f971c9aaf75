using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>All that a run showed, as it is kept in JSON.</summary>
/// <param name="Date">When the run began.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Command">The arguments that repeat it.</param>
/// <param name="Scenarios">What was measured.</param>
internal sealed record Report(DateTimeOffset Date, Machine Machine, string Command, IReadOnlyList<ScenarioReport> Scenarios)
{
    /// <summary>The goals that were measured, in their order.</summary>
    public IReadOnlyList<GoalOutcome> GetOutcomes() =>
        [.. Scenarios.SelectMany(scenario => scenario.Goals).OrderBy(outcome => PlaceOf(outcome.Goal))];

    /// <summary>The goals that could not be measured, in their order.</summary>
    public IReadOnlyList<SkippedGoal> GetSkipped() =>
        [.. Scenarios.SelectMany(scenario => scenario.Skipped).OrderBy(skipped => PlaceOf(skipped.Goal))];

    /// <summary>The goals that this run had nothing to do with, in their order.</summary>
    public IReadOnlyList<Goal> GetUntouched() =>
        [.. Goals.All.Except(GetOutcomes().Select(outcome => outcome.Goal)).Except(GetSkipped().Select(skipped => skipped.Goal))];

    /// <summary>Where a goal stands among all; one that has changed since the report was made goes last.</summary>
    public static int PlaceOf(Goal goal) => Goals.All.TakeWhile(each => each != goal).Count();
}

/// <summary>What one scenario showed, as it is kept.</summary>
internal sealed record ScenarioReport(
    string Scenario,
    string Title,
    IReadOnlyList<IReadOnlyList<Series>> Tables,
    IReadOnlyList<MicroTable> MicroTables,
    IReadOnlyList<GoalOutcome> Goals,
    IReadOnlyList<SkippedGoal> Skipped,
    IReadOnlyList<string> Notes)
{
    public static ScenarioReport Of(ScenarioResult result) => new(
        result.Scenario, result.Title, result.Tables, result.MicroTables, result.Goals, result.Skipped, result.Notes);
}
