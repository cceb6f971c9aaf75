using System.Net.WebSockets;
using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Bench;
using WsStorage.Transport.Tls;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>What a connection takes that has nothing to do.</summary>
internal sealed class IdleConnections : IScenario
{
    private const int Connections = 10_000;
    private const int PlainConnections = 2000;
    private const double BytesPerKibibyte = 1024;

    public string Name => "idle";

    public string Title => $"{Connections:N0} idle connections at once, each of which has got a value once.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        RunOptions options = site.Options with { Keys = 1 };
        int count = site.Options.Keys < Connections ? Connections / 50 : Connections;
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        double plain = await MeasurePlainAsync(site, host, Math.Min(count, PlainConnections), cancellationToken);
        HostReadings before = await host.ReadAsync(cancellationToken);
        await using Clients clients = await Clients.ConnectAsync(site, host, count, cancellationToken);
        await StorageLoad.FillAsync(clients[0], options, options.Keys, cancellationToken);
        await GetOnEachAsync(clients, options, cancellationToken);
        HostReadings after = await host.ReadAsync(cancellationToken);
        double kibibytes = (after.HeapBytes - before.HeapBytes) / BytesPerKibibyte / count;
        site.Progress.Report($"{kibibytes:0.0} KiB of managed memory for each of {count:N0} connections, {plain:0.0} KiB for a plain WebSocket");

        // They are all there still, and all served.
        int served = await GetOnEachAsync(clients, options, cancellationToken);
        result.Add([
            new Series("managed memory of an idle connection", "KiB", [kibibytes]),
            new Series("of a plain WebSocket in Kestrel with the same TLS", "KiB", [plain]),
        ]);
        result.Add(new Series("resident memory of the server's process for each", "KiB", [(after.ResidentBytes - before.ResidentBytes) / BytesPerKibibyte / count]));
        result.Check(Goals.IdleConnection, Ratio.Of([kibibytes - plain]));
        result.Check(Goals.IdleConnections, Ratio.Of([served]));
    }

    private static async Task<int> GetOnEachAsync(Clients clients, RunOptions options, CancellationToken cancellationToken)
    {
        byte[] key = new byte[BenchData.KeyBytes];
        BenchData.WriteKey(key, 0);
        int served = 0;
        foreach (IStorage client in clients.From(0))
        {
            GetResult result = await client.GetAsync(key, cancellationToken);
            served += BenchData.IsValid(result.Value, options.ValueBytes, 0)
                ? 1
                : throw new WrongValueException("A connection did not get what was written.");
        }

        return served;
    }

    private static async Task<double> MeasurePlainAsync(Site site, HostProcess host, int count, CancellationToken cancellationToken)
    {
        MutualTlsOptions tls = site.Certificates.LoadClient();
        HostReadings before = await host.ReadAsync(cancellationToken);
        var sockets = new List<ClientWebSocket>();
        for (int i = 0; i < count; i++)
        {
            ClientWebSocket socket = await PlainSocket.ConnectAsync(new Uri(host.Addresses.Peers, "/idle"), tls, cancellationToken);
            sockets.Add(socket);
            await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }

        HostReadings after = await host.ReadAsync(cancellationToken);
        foreach (ClientWebSocket socket in sockets)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
            socket.Dispose();
        }

        return (after.HeapBytes - before.HeapBytes) / BytesPerKibibyte / count;
    }
}
