using System.Diagnostics;
using System.Text;

namespace WsStorage.Cli.Tests;

/// <summary>Ctrl-C ends what is under way, whatever it waits for.</summary>
internal sealed class InterruptionTests
{
    // More than a pipe holds: once it is written, the program is reading.
    private const int MoreThanAPipe = 200_000;

    private readonly TestDirectory _directory = new();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Put_that_waits_for_its_value_ends()
    {
        using CliProcess put = CliProcess.Start("put", "k", "-", "--data", _directory.Of("put"));
        await put.Input.WriteAsync(new byte[MoreThanAPipe]);

        await put.SignalAsync("INT");
        CliResult result = await put.EndAsync([]);

        result.ShouldFail(130, "interrupted.");
        Assert.That(Directory.Exists(_directory.Of("put")), Is.False);
    }

    [Test]
    public async Task Import_that_waits_for_more_ends_and_says_what_was_applied()
    {
        using CliProcess import = CliProcess.Start("import", "--data", _directory.Of("import"));
        byte[] rows = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"key\":\"k{i:D5}\",\"value\":\"{new string('v', 40)}\"}}\n")));
        Assert.That(rows, Has.Length.GreaterThan(MoreThanAPipe));
        await import.Input.WriteAsync(rows);

        await import.SignalAsync("INT");
        CliResult result = await import.EndAsync([]);

        Assert.That(result.ExitCode, Is.EqualTo(130), result.Error);
        Assert.That(result.Error, Does.Match("^wsstorage: [0-9,]+ rows were applied.\nwsstorage: interrupted.\n$"));
    }

    [Test]
    [NonParallelizable]
    public async Task Bench_whose_terminal_interrupts_its_server_too_ends_as_interrupted()
    {
        using CliProcess bench = CliProcess.Start("bench", "--seconds", "60", "--depth", "1", "--keys", "100", "--engine", "memory");
        Assert.That(await bench.Output.ReadLineAsync(), Does.StartWith("memory"));

        // As a terminal does: every process in it.
        using Process kill = Process.Start("pkill", ["-INT", "-P", bench.Id.ToString()]);
        await kill.WaitForExitAsync();
        Assert.That(kill.ExitCode, Is.Zero, "there is a server");
        await bench.SignalAsync("INT");
        CliResult result = await bench.FinishAsync();

        result.ShouldFail(130, "interrupted.");
    }
}
