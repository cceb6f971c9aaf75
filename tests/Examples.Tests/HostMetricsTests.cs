using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WsStorage.Transport.Tls;

namespace WsStorage.Examples.Tests;

public sealed class HostMetricsTests
{
    // Several programs one after the other have to start, perhaps while all tests of a small machine run.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wsstorage-examples-");
    private CancellationTokenSource _timeout = null!;
    private CertificateSet _certificates = null!;

    private string ReplicaDirectory => Of($"replica-{TestContext.CurrentContext.Test.ID}");

    [OneTimeSetUp]
    public void MakeCertificates() => _certificates = CertificateSet.Create(Of("certs"));

    [OneTimeTearDown]
    public void Delete() => _directory.Delete(recursive: true);

    [SetUp]
    public void Begin() => _timeout = new CancellationTokenSource(Patience);

    [TearDown]
    public void End() => _timeout.Dispose();

    [Test]
    public async Task Each_program_sees_what_the_other_puts()
    {
        using Process producer = Start("HostMetrics.Producer", _certificates.Directory, Of("data"), "0");
        try
        {
            string? serving = await producer.StandardOutput.ReadLineAsync(_timeout.Token);
            Assert.That(serving, Does.StartWith("Serving at wss://localhost:"), serving ?? await producer.StandardError.ReadToEndAsync(_timeout.Token));
            string url = serving!.Split(' ')[2].TrimEnd(';');

            string first = await FollowAsync(url, "50");
            string second = await FollowAsync(url);

            using (Assert.EnterMultipleScope())
            {
                Assert.That(first, Does.Match("(?m)^[0-9]+: latest/load = [0-9.]+ .*[(].*revision [0-9]+"));
                Assert.That(LastRevision(second), Is.GreaterThan(LastRevision(first)), "the second goes on from what the first has left");
                Assert.That(await producer.StandardOutput.ReadLineAsync(_timeout.Token), Is.EqualTo("A client wants a reading every 50 ms."));
            }

            await StopAsync(producer);
        }
        finally
        {
            producer.Kill();
        }
    }

    [Test]
    public async Task Replica_says_why_it_cannot_begin()
    {
        await ExpectAsync(1, "NotFound: The keystore ", "HostMetrics.Replica", Of("nowhere"), "wss://localhost:1/storage", Of("none"));
        await ExpectAsync(1, "InvalidArgument: The URL of the store is ", "HostMetrics.Replica", _certificates.Directory, "http://localhost:1/storage", Of("none"));
        await ExpectAsync(1, "InvalidArgument: ", "HostMetrics.Replica", _certificates.Directory, "wss://localhost:1/storage", _certificates.Directory);
        await ExpectAsync(2, "usage: ", "HostMetrics.Replica", _certificates.Directory, "nonsense", Of("none"));
    }

    [Test]
    public async Task Replica_without_its_source_shows_what_it_has()
    {
        using Process producer = Start("HostMetrics.Producer", _certificates.Directory, Of("gone"), "0");
        string? serving = await producer.StandardOutput.ReadLineAsync(_timeout.Token);
        string url = serving!.Split(' ')[2].TrimEnd(';');
        await FollowAsync(url);
        await StopAsync(producer);

        using Process replica = Start("HostMetrics.Replica", _certificates.Directory, url, ReplicaDirectory);
        string? state = await replica.StandardOutput.ReadLineAsync(_timeout.Token);

        Assert.That(state, Does.StartWith("Connecting, revision "));
        await StopAsync(replica);
    }

    [Test]
    public async Task Producer_says_why_it_cannot_serve()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        await ExpectAsync(1, "AddressInUse: Port ", "HostMetrics.Producer", _certificates.Directory, Of("taken"), $"{port}");
        await ExpectAsync(1, "NotFound: The keystore ", "HostMetrics.Producer", Of("nowhere"), Of("no-keystore"));
        await ExpectAsync(2, "usage: ", "HostMetrics.Producer", _certificates.Directory, Of("no-port"), "many");
    }

    /// <summary>Lets a replica run until it has been told of two batches, and ends it.</summary>
    private async Task<string> FollowAsync(string url, params string[] interval)
    {
        using Process replica = Start("HostMetrics.Replica", [_certificates.Directory, url, ReplicaDirectory, .. interval]);
        var lines = new List<string>();
        while (lines.Count(line => line.Contains(": latest/memory = ", StringComparison.Ordinal)) < 2)
        {
            string? line = await replica.StandardOutput.ReadLineAsync(_timeout.Token);
            Assert.That(line, Is.Not.Null, string.Join('\n', lines));
            lines.Add(line!);
        }

        await StopAsync(replica);
        return string.Join('\n', lines);
    }

    private async Task StopAsync(Process process)
    {
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        await process.WaitForExitAsync(_timeout.Token);
        Assert.That(process.ExitCode, Is.Zero, await process.StandardError.ReadToEndAsync(_timeout.Token));
    }

    private async Task ExpectAsync(int code, string message, string example, params string[] arguments)
    {
        using Process process = Start(example, arguments);
        string error = await process.StandardError.ReadToEndAsync(_timeout.Token);
        await process.WaitForExitAsync(_timeout.Token);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(process.ExitCode, Is.EqualTo(code), error);
            Assert.That(error, Does.StartWith(message));
            Assert.That(error.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1), error);
        }
    }

    private static long LastRevision(string lines) => long.Parse(lines.Split('\n')[^1].Split(':')[0]);

    private string Of(string name) => Path.Combine(_directory.FullName, name);

    private static Process Start(string example, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{example}.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
