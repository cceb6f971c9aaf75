using System.Diagnostics;
using Microsoft.Extensions.Logging;
using WsStorage.Cli.Processes;
using WsStorage.Cli.Stores;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Cli.Demo;

/// <summary>
/// One run of the demo: a server, a replica and a client in processes of their own, and here what writes, what comes between them,
/// and the ledger that says what must be there in the end.
/// </summary>
internal sealed class DemoRun(ILoggerFactory logging)
{
    // A demo does not wait longer than it has to for a server that it has started again itself.
    private static readonly TimeSpan MaxReconnectDelay = TimeSpan.FromSeconds(1);

    /// <summary>Runs it.</summary>
    /// <param name="duration">For how long.</param>
    /// <param name="interrupted">Ends it sooner; all is still checked.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(TimeSpan duration, CancellationToken interrupted)
    {
        using var directory = new TemporaryDirectory();
        string data = directory.Of("data");
        CertificateSet certificates = CertificateSet.Create(directory.Of("certs"));
        DemoSummary summary;
        await using (DemoServer server = await DemoServer.StartAsync(data, certificates.Directory))
        await using (var link = new LinkProxy(server.Port))
        {
            summary = await ShowAsync(server, link, certificates, directory.Of("replica"), duration, interrupted);
        }

        // The server is gone: what it has left on the disk is read without it.
        await using IStorage store = Engines.OpenDirectory(data, StoreAccess.Read, Durability.Synced, logging);
        return summary.Print(await HeldStore.ReadAsync(store));
    }

    private async Task<DemoSummary> ShowAsync(
        DemoServer server, LinkProxy link, CertificateSet certificates, string replicaData, TimeSpan duration, CancellationToken interrupted)
    {
        var url = new Uri($"wss://localhost:{link.Port}/storage");
        await using WsStorageClient storage = await WsStorageClient.ConnectAsync(
            new WsStorageClientOptions
            {
                Url = url,
                Tls = certificates.LoadClient(),
                Name = "wsstorage demo",
                ReconnectMaxDelay = MaxReconnectDelay,
                LoggerFactory = logging,
            },
            CancellationToken.None);
        IReadings readings = IReadings.ForThisSystem();
        var ledger = new Ledger();
        var producer = new Producer(storage, readings, ledger);
        await producer.RecordAsync();
        StorageInfo info = await storage.GetInfoAsync(CancellationToken.None);
        Console.WriteLine($"Serving {info.Engine} at {url} with mutual TLS, over a link that is cut, by a server and to a replica that are killed; recording readings of this machine from {readings.Origin}.");

        long start = Stopwatch.GetTimestamp();
        using var client = new DemoClientProcess(url, certificates.Directory);
        using var replica = new DemoReplica(url, certificates.Directory, replicaData);
        var disturber = new Disturber(server, replica, link, ledger);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        stop.CancelAfter(duration);
        using var quiet = new CancellationTokenSource();
        Task ending = EndWithAsync(client, stop);
        Task producing = producer.RunAsync(quiet.Token);
        Task showing = new DemoProgress(producer, ledger, disturber, () => client.Report, () => replica.Report).RunAsync(quiet.Token);
        string? failure = null;
        try
        {
            // The producer goes on until the last disturbance has been got over.
            await disturber.RunAsync(stop.Token);
        }
        catch (DemoCheckException exception)
        {
            failure = exception.Message;
        }
        finally
        {
            await quiet.CancelAsync();
            await Task.WhenAll(producing, showing);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        // Nothing is written from here on but by the client's last round, so all sides see the same last revision.
        ClientReport report = await client.FinishAsync();
        await ending;
        return new DemoSummary(ledger, disturber.Done, report, await replica.FinishAsync(), url)
        {
            Failure = failure,
            Readings = producer.Recorded,
            Rows = producer.Rows,
            Elapsed = elapsed,
        };
    }

    /// <summary>A client that is gone too early has failed: there is nothing more to wait for.</summary>
    private static async Task EndWithAsync(DemoClientProcess client, CancellationTokenSource stop)
    {
        await client.Ended;
        await stop.CancelAsync();
    }
}
