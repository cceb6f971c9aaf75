using System.ComponentModel;
using System.Diagnostics;
using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.EndToEnd.Tests.ForeignClient;

/// <summary>
/// docs/protocol.md is enough: a Python client written from that page alone, with Python's standard library alone, works.
/// </summary>
public class ForeignClientTests
{
    [TestCase(false)]
    [TestCase(true)]
    [CancelAfter(120_000)]
    public async Task A_client_written_from_the_page_alone_works(bool keepsPreviousValues, CancellationToken cancellationToken)
    {
        await RequirePythonAsync(cancellationToken);
        using var directory = new TemporaryDirectory();
        string holds = directory.Combine("holds.txt");
        var pem = PemFiles.Write(Certificates.Set, directory);
        await using var storage = new InMemoryStorage(new InMemoryStorageOptions
        {
            HistoryBytes = 1 << 20,
            KeepPreviousValues = keepsPreviousValues,
        });
        await using Served served = await Served.StartAsync(storage);

        string script = Path.Combine(AppContext.BaseDirectory, "ForeignClient", "client.py");
        (int exitCode, string output) = await RunPythonAsync(
            ["-B", script, served.Url.AbsoluteUri, pem.Authority, pem.Certificate, pem.Key, holds, keepsPreviousValues ? "kept" : "none"], cancellationToken);

        Assert.That(exitCode, Is.Zero, output);
        string[] claimed = await File.ReadAllLinesAsync(holds, cancellationToken);
        Assert.That(claimed, Has.Length.GreaterThan(100));
        Assert.That(await DescribeAsync(storage, cancellationToken), Is.EqualTo(claimed));
    }

    private static async Task<List<string>> DescribeAsync(InMemoryStorage storage, CancellationToken cancellationToken)
    {
        StorageInfo info = await storage.GetInfoAsync(cancellationToken);
        List<string> lines = [info.Revision.ToString()];
        await foreach (Entry entry in storage.ScanAsync(new ScanOptions(), cancellationToken))
        {
            lines.Add($"{Convert.ToHexStringLower(entry.Key)} {Convert.ToHexStringLower(entry.Value)}");
        }

        return lines;
    }

    private static async Task RequirePythonAsync(CancellationToken cancellationToken)
    {
        try
        {
            (int exitCode, string output) = await RunPythonAsync(
                ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"], cancellationToken);
            if (exitCode != 0)
            {
                Assert.Ignore($"python3 is not Python 3.8 or later: {output}");
            }
        }
        catch (Win32Exception)
        {
            Assert.Ignore("python3 is not installed");
        }
    }

    private static async Task<(int ExitCode, string Output)> RunPythonAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(new ProcessStartInfo("python3", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await using CancellationTokenRegistration kill = cancellationToken.Register(process.Kill);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None) + await errors;
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, output);
    }
}
