using System.CommandLine;
using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Demo;
using WsStorage.Cli.Processes;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage demo</c></summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<double> seconds = NumberOption.Create("--seconds", "How long it runs.", 10.0);
        var command = new Command(
            "demo",
            "Show all of it at work: a server over RocksDB with mutual TLS, readings of this machine recorded beside it, and a client in its own process that reads them back. Leaves nothing behind.")
        {
            seconds,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            double wanted = parsed.GetValue(seconds);
            if (wanted is not (> 0 and < 1e6))
            {
                throw new UsageException($"--seconds is {wanted}; it must be more than 0 and less than a million.");
            }

            using var directory = new TemporaryDirectory();
            using ILoggerFactory logging = Logging.Create(parsed);
            CertificateSet certificates = CertificateSet.Create(directory.Of("certs"));
            MutualTlsOptions tls = certificates.LoadServer();
            await using IStorage storage = Engines.OpenDirectory(directory.Of("data"), StoreAccess.Create, Durability.Synced, logging);
            await using var server = new WsStorageServer(
                storage, new WsStorageServerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Tls = tls, LoggerFactory = logging });
            await server.StartAsync(CancellationToken.None);
            return await ShowAsync(server, certificates, TimeSpan.FromSeconds(wanted), cancellationToken);
        });
        return command;
    }

    private static async Task<int> ShowAsync(
        WsStorageServer server, CertificateSet certificates, TimeSpan duration, CancellationToken interrupted)
    {
        IReadings readings = IReadings.ForThisSystem();
        var producer = new Producer(server.Storage, readings);
        await producer.RecordAsync();
        StorageInfo info = await server.Storage.GetInfoAsync(CancellationToken.None);
        Console.WriteLine($"Serving {info.Engine} at {server.LocalUrl} with mutual TLS; recording readings of this machine from {readings.Origin}.");

        long start = Stopwatch.GetTimestamp();
        using var client = new DemoClientProcess(server.LocalUrl, certificates.Directory);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        stop.CancelAfter(duration);
        Task ending = EndWithAsync(client, stop);
        await Task.WhenAll(producer.RunAsync(stop.Token), new DemoProgress(producer, () => client.Report).RunAsync(stop.Token));
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        // Nothing is written from here on but by the client's last round, so both sides read the same revision.
        ClientReport report = await client.FinishAsync();
        await ending;
        StoreDigest held = await StoreDigest.ComputeAsync(server.Storage, CancellationToken.None);
        return new DemoSummary(producer, report, held, elapsed, server.LocalUrl).Print();
    }
    /// <summary>A client that is gone too early has failed: there is nothing more to wait for.</summary>
    private static async Task EndWithAsync(DemoClientProcess client, CancellationTokenSource stop)
    {
        await client.Ended;
        await stop.CancelAsync();
    }
}
