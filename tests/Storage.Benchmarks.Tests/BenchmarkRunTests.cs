using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks.Tests;

public class BenchmarkRunTests
{
    private static readonly RunOptions Options = new() { Rounds = 1 };

    [TestCase(1.0, ExitCode.Reached)]
    [TestCase(0.9, ExitCode.Missed)]
    public async Task The_exit_code_tells_whether_a_goal_was_missed(double reached, int exitCode) =>
        Assert.That(await RunAsync(result => result.Check(Goals.GetAgainstRedis, Ratio.Of([reached]))), Is.EqualTo(exitCode));

    [Test]
    public async Task A_goal_that_cannot_be_measured_is_not_missed() =>
        Assert.That(await RunAsync(result => result.Skip(Goals.GetAgainstRedis, "not installed")), Is.EqualTo(ExitCode.Reached));

    [Test]
    public async Task A_wrong_value_ends_the_run()
    {
        WrongValueException wrong =
            (await Assert.ThrowsAsync<WrongValueException>(() => RunAsync(_ => throw new WrongValueException("wrong"))))!;
        Assert.That(Failure.Report(wrong, interrupted: false), Is.EqualTo(ExitCode.Wrong));
    }

    [Test]
    public void What_fails_after_an_interruption_is_told_as_one() =>
        Assert.That(Failure.Report(new IOException("the server has ended"), interrupted: true), Is.EqualTo(ExitCode.Interrupted));

    [Test]
    public void Scenarios_have_commands_of_their_own()
    {
        string[] names = [.. CommandTree.Create().Subcommands.Select(command => command.Name)];
        Assert.That(names, Is.SupersetOf([.. CommandTree.Scenarios.Select(scenario => scenario.Name), "all", "gate", "report"]));
        Assert.That(names, Is.Unique);
    }

    [TestCase("--rounds", "x")]
    [TestCase("--rounds", "0")]
    [TestCase("--seconds", "0")]
    [TestCase("--keys", "999")]
    public void What_makes_no_sense_is_refused(params string[] arguments) =>
        Assert.That(CommandTree.Create().Parse(["all", .. arguments]).Errors, Has.Count.EqualTo(1));

    private static Task<int> RunAsync(Action<ScenarioResult> fill) =>
        new BenchmarkRun(Options, "scripted", output: null).RunAsync([new ScriptedScenario(fill)], CancellationToken.None);

    private sealed class ScriptedScenario(Action<ScenarioResult> fill) : IScenario
    {
        public string Name => "scripted";

        public string Title => "What a test wants measured.";

        public Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
        {
            fill(result);
            return Task.CompletedTask;
        }
    }
}
