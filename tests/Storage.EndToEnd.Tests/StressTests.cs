using System.Collections.Concurrent;
using System.Globalization;
using WsStorage.Core;
using WsStorage.Testing.Network;
using WsStorage.WsClient;
using WsStorage.WsServer;

namespace WsStorage.EndToEnd.Tests;

[Category("Stress")]
[NonParallelizable]
public class StressTests
{
    private const int Clients = 4;
    private const int WorkersPerClient = 4;
    private const int Enough = 10;
    private const int MostStorms = 10;

    private static readonly StorageSessionOptions Tiny = new()
    {
        MaxRequestsInFlight = 5,
        MaxBytesInFlight = 1,
        MaxQueuedBytes = 64 * 1024,
        HelloTimeout = TimeSpan.FromSeconds(1),
    };

    [TestCase(false)]
    [TestCase(true)]
    public async Task Whatever_happens_to_the_connections_every_call_ends_and_nothing_is_lost_or_mixed_up(bool tiny)
    {
        // A failure names its seed: set the variable to it to repeat the run as far as chance allows.
        string? wanted = Environment.GetEnvironmentVariable("WSSTORAGE_STRESS_SEED");
        int seed = wanted is null ? Random.Shared.Next() : int.Parse(wanted, CultureInfo.InvariantCulture);
        var unobserved = new ConcurrentQueue<Exception>();
        EventHandler<UnobservedTaskExceptionEventArgs> observe = (_, args) => unobserved.Enqueue(args.Exception);
        TaskScheduler.UnobservedTaskException += observe;
        try
        {
            await RunAsync(tiny, new Random(seed));
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.That(unobserved, Is.Empty);
        }
        catch (Exception exception)
        {
            Assert.Fail($"WSSTORAGE_STRESS_SEED={seed}: {exception}");
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= observe;
        }
    }

    private static async Task RunAsync(bool tiny, Random random)
    {
        await using var storage = new InMemoryStorage();
        await using Served served = await Served.StartAsync(storage, tiny ? Tiny : null);

        // A client keeps the first connection that is left alone, so none is.
        await using var proxy = new CuttingProxy(
            served.Server.EndPoint.Port, random.Next(), new CuttingPlan { Unharmed = 0, MaxLife = TimeSpan.FromSeconds(1) });
        WsStorageClient[] clients = [.. Enumerable.Range(0, Clients).Select(_ => new WsStorageClient(served.ClientOptions() with
        {
            Url = new Uri($"wss://localhost:{proxy.Port}/storage"),
            ConnectTimeout = TimeSpan.FromSeconds(1),
            OperationTimeout = TimeSpan.FromSeconds(1),
            ScanWindowBytes = 4096,
            ReconnectBaseDelay = TimeSpan.FromMilliseconds(1),
            ReconnectMaxDelay = TimeSpan.FromMilliseconds(20),
        }))];
        StressWorker[] workers = [.. Enumerable.Range(0, Clients * WorkersPerClient).Select(
            i => new StressWorker(clients[i % Clients], $"{i:D2}/", random.Next()))];
        // On a slow machine it takes longer until enough has happened.
        for (int i = 0; i < MostStorms && (workers.Sum(worker => worker.Applied) <= Enough || proxy.Cuts <= Enough); i++)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(4));
            await Task.WhenAll(workers.Select(worker => Task.Run(() => worker.RunAsync(stop.Token))));
        }

        // After the storm each client works again, if not with the connection that it has.
        proxy.IsHarmful = false;
        foreach (WsStorageClient client in clients)
        {
            await ReadUntilItWorksAsync(client);
        }

        foreach (StressWorker worker in workers)
        {
            await worker.UseAsync();
        }

        foreach (WsStorageClient client in clients)
        {
            await client.DisposeAsync();
        }

        await WaitForNoConnectionAsync(served.Server);
        foreach (StressWorker worker in workers)
        {
            await worker.CheckAsync(storage);
        }

        int applied = workers.Sum(worker => worker.Applied);
        int failed = workers.Sum(worker => worker.Failed);
        TestContext.Out.WriteLine($"{applied} calls succeeded, {failed} failed, {proxy.Cuts} connections were harmed");
        Assert.That(new[] { applied, proxy.Cuts }, Is.All.GreaterThan(Enough), "the storm was none");
    }

    private static async Task ReadUntilItWorksAsync(WsStorageClient client)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await client.GetStringAsync("none");
                return;
            }
            catch (StorageException) when (attempt < 60)
            {
                // It met the end of a connection that was harmed before.
            }
        }
    }

    private static async Task WaitForNoConnectionAsync(WsStorageServer server)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (server.ConnectionCount > 0)
        {
            Assert.That(patience.IsCancellationRequested, Is.False, $"{server.ConnectionCount} connections are left");
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
