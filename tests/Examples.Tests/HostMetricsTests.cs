using System.Diagnostics;
using WsStorage.Transport.Tls;

namespace WsStorage.Examples.Tests;

public sealed class HostMetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task Consumer_reads_what_the_producer_records()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("wsstorage-examples-");
        using var timeout = new CancellationTokenSource(Patience);
        Process? producer = null;
        try
        {
            CertificateSet certificates = CertificateSet.Create(Path.Combine(directory.FullName, "certs"));
            producer = Start("HostMetrics.Producer", certificates.Directory, Path.Combine(directory.FullName, "data"), "0");
            string? serving = await producer.StandardOutput.ReadLineAsync(timeout.Token);
            Assert.That(serving, Does.StartWith("Serving at wss://localhost:"));
            string url = serving!.Split(' ')[2].TrimEnd(';');

            string first = await RunConsumerAsync(certificates.Directory, url, timeout.Token);
            string second = await RunConsumerAsync(certificates.Directory, url, timeout.Token);

            using (Assert.EnterMultipleScope())
            {
                Assert.That(first, Does.Contain("The store is rocksdb").And.Contain("memory now: ").And.Contain("We are the first reader."));
                Assert.That(first, Does.Contain("history/memory/"));
                Assert.That(second, Does.Contain("Another reader was here before."));
            }

            using Process kill = Process.Start("kill", ["-TERM", producer.Id.ToString()]);
            await producer.WaitForExitAsync(timeout.Token);
            Assert.That(producer.ExitCode, Is.Zero, await producer.StandardError.ReadToEndAsync(timeout.Token));
        }
        finally
        {
            producer?.Kill();
            producer?.Dispose();
            directory.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Consumer_says_why_it_cannot_connect()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("wsstorage-examples-");
        using var timeout = new CancellationTokenSource(Patience);
        try
        {
            using Process consumer = Start("HostMetrics.Consumer", directory.FullName, "wss://localhost:1/storage");
            await consumer.WaitForExitAsync(timeout.Token);

            Assert.That(consumer.ExitCode, Is.EqualTo(1));
            Assert.That(await consumer.StandardError.ReadToEndAsync(timeout.Token), Does.StartWith("NotFound: The keystore "));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<string> RunConsumerAsync(string certificates, string url, CancellationToken cancellationToken)
    {
        using Process consumer = Start("HostMetrics.Consumer", certificates, url);
        string output = await consumer.StandardOutput.ReadToEndAsync(cancellationToken);
        await consumer.WaitForExitAsync(cancellationToken);
        Assert.That(consumer.ExitCode, Is.Zero, await consumer.StandardError.ReadToEndAsync(cancellationToken));
        return output;
    }

    private static Process Start(string example, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{example}.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
