using System.Diagnostics;

namespace WsStorage.Cli.Tests;

[NonParallelizable]
internal sealed class DemoTests
{
    [Test]
    public async Task Demo_ends_by_itself_with_a_summary_that_was_checked()
    {
        CliResult result = (await CliProcess.RunAsync("demo", "--seconds", "2")).ShouldSucceed();

        ExpectSummary(result);
    }

    [Test]
    public async Task Interrupted_demo_still_checks_and_cleans_up()
    {
        using var temporary = new TestDirectory();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["TMPDIR"] = temporary.Path };
        long start = Stopwatch.GetTimestamp();
        using CliProcess demo = CliProcess.StartIn(temporary.Path, variables, "demo", "--seconds", "600");
        string? line = await demo.Output.ReadLineAsync();
        Assert.That(line, Does.StartWith("Serving rocksdb"));
        do
        {
            line = await demo.Output.ReadLineAsync();
        }
        while (line?.Contains("client read 0 values", StringComparison.Ordinal) == true);

        await demo.SignalAsync("INT");
        CliResult result = (await demo.FinishAsync()).ShouldSucceed();

        ExpectSummary(result);
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(60)));
        Assert.That(Directory.EnumerateDirectories(temporary.Path, "wsstorage-*"), Is.Empty);
    }

    [Test]
    public async Task Client_that_is_killed_fails_the_check()
    {
        using CliProcess demo = CliProcess.Start("demo", "--seconds", "600");
        await demo.Output.ReadLineAsync();
        await demo.Output.ReadLineAsync();
        using Process kill = Process.Start("pkill", ["-KILL", "-P", demo.Id.ToString()]);
        await kill.WaitForExitAsync();

        CliResult result = await demo.FinishAsync();

        Assert.That(result.ExitCode, Is.EqualTo(1), result.Error);
        Assert.That(result.Text, Does.Contain("FAILED: the client ended before it had read the store"));
    }

    private static void ExpectSummary(CliResult result)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Text, Does.Contain("What the client read is what the store holds"));
            Assert.That(result.Text, Does.Match("[1-9][0-9,]* single gets .* [1-9][0-9,]* many-gets, [1-9][0-9,]* prefix scans"));
            Assert.That(result.Text, Does.Match("[1-9][0-9,]* atomic batches by the client; [1-9][0-9,]* more were refused"));
            Assert.That(result.Text, Does.Not.Contain("\u001b"), "no colour when stdout is no terminal");
            Assert.That(result.Error, Is.Empty);
        }
    }
}
