using System.Diagnostics;

namespace WsStorage.Docs.Tests;

/// <summary>The two commands of the README, started as written.</summary>
public class ReadmeCommandTests
{
    private static string[] Commands => [.. CodeBlocks.Find(Repository.Read("README.md"), "sh").Take(2).Select(code => code.Trim())];

    [Test]
    public async Task The_demo_does_what_it_says()
    {
        Assert.That(Commands[0], Does.StartWith("dotnet run ").And.EndWith(" demo"));
        var start = new ProcessStartInfo("bash", ["-c", Commands[0]])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // The test host's own settings are not what a user's shell has.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        using Process demo = Process.Start(start)!;
        Task<string> output = demo.StandardOutput.ReadToEndAsync();
        Task<string> errors = demo.StandardError.ReadToEndAsync();

        // The command builds everything first, perhaps while other tests keep the machine busy.
        await demo.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(30));
        Assert.That(demo.ExitCode, Is.Zero, await output + await errors);
    }

    [Test]
    public void The_build_server_runs_the_test_command_as_written() =>
        Assert.That(Repository.Read(".ci/run"), Does.Contain($"\n{Commands[1]} "));
}
