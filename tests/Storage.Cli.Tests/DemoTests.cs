using System.Diagnostics;

namespace WsStorage.Cli.Tests;

[NonParallelizable]
internal sealed class DemoTests
{
    [Test]
    public async Task Demo_ends_by_itself_with_a_summary_that_was_checked()
    {
        // Each disturbance follows when the one before has been got over: on a slow machine all three take longer.
        CliResult result = await CliProcess.RunAsync("demo", "--seconds", "9");
        foreach (string seconds in (string[])["30", "75"])
        {
            if (result.Text.Contains("give it more --seconds", StringComparison.Ordinal)
                || result.Text.Contains(" 0 kills of the replica", StringComparison.Ordinal))
            {
                result = await CliProcess.RunAsync("demo", "--seconds", seconds);
            }
        }

        ExpectSummary(result.ShouldSucceed());
        Assert.That(result.Text, Does.Match("[1-9][0-9]* cuts? of the link: down for "));
        Assert.That(result.Text, Does.Match("[1-9][0-9]* kills? of the server .SIGKILL.: down for "));
        Assert.That(result.Text, Does.Match("[1-9][0-9]* kills? of the replica .SIGKILL.: down for "));
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
        while (line is not null && (!line.Contains("client read ", StringComparison.Ordinal) || line.Contains("client read 0 values", StringComparison.Ordinal)));

        await demo.SignalAsync("INT");
        CliResult result = (await demo.FinishAsync()).ShouldSucceed();

        ExpectSummary(result);
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(600)), "it did not wait for its time");
        Assert.That(Directory.EnumerateDirectories(temporary.Path, "wsstorage-*"), Is.Empty);
    }

    [Test]
    public async Task Client_that_is_killed_fails_the_check()
    {
        using CliProcess demo = CliProcess.Start("demo", "--seconds", "600");
        await demo.Output.ReadLineAsync();
        await demo.Output.ReadLineAsync();
        using Process kill = Process.Start("pkill", ["-KILL", "-P", demo.Id.ToString(), "-f", "demo-client"]);
        await kill.WaitForExitAsync();

        CliResult result = await demo.FinishAsync();

        Assert.That(result.ExitCode, Is.EqualTo(1), result.Error);
        Assert.That(result.Text, Does.Contain("FAILED: the client ended before it had read the store"));
    }

    [Test]
    public async Task Replica_that_ends_by_itself_fails_the_check()
    {
        using CliProcess demo = CliProcess.Start("demo", "--seconds", "600");
        await demo.Output.ReadLineAsync();
        await demo.Output.ReadLineAsync();
        using Process kill = Process.Start("pkill", ["-KILL", "-P", demo.Id.ToString(), "-f", "demo-replica"]);
        await kill.WaitForExitAsync();

        CliResult result = await demo.FinishAsync();

        Assert.That(result.ExitCode, Is.EqualTo(1), result.Error);
        Assert.That(result.Text, Does.Contain("FAILED: the replica ended by itself"));
    }

    private static void ExpectSummary(CliResult result)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Text, Does.Contain("What the client read is what the store holds"));
            Assert.That(result.Text, Does.Match("Each of the [1-9][0-9,]* records that were acknowledged stands once in the history"));
            Assert.That(result.Text, Does.Match("The watch told [1-9][0-9,]* batches, from revision 1 on, none left out and none repeated"));
            Assert.That(result.Text, Does.Match("[1-9][0-9,]* single gets .* [1-9][0-9,]* many-gets, [1-9][0-9,]* prefix scans"));
            Assert.That(result.Text, Does.Match("[1-9][0-9,]* atomic batches by the client; [1-9][0-9,]* more were refused"));
            Assert.That(result.Text, Does.Match("holds the same rows; .* of [1-9][0-9,]* rows, compared over the wire, found no difference"));
            Assert.That(result.Text, Does.Not.Contain("\u001b"), "no colour when stdout is no terminal");
            Assert.That(result.Error, Is.Empty);
        }
    }
}
