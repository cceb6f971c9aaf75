// A program that embeds a WsStorage server beside its own work: once a second it reads how loaded this machine is and puts
// that into its local store, while other programs read the store over a secure WebSocket.
//
//   wsstorage certs new certs
//   dotnet run --project examples/HostMetrics.Producer -- certs data 7443

using System.Net;
using System.Runtime.InteropServices;
using WsStorage;
using WsStorage.RocksDb;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

if (args is not [var certs, var data, ..])
{
    Console.Error.WriteLine("usage: HostMetrics.Producer CERTS-DIRECTORY DATA-DIRECTORY [PORT]");
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true; // we end by ourselves, in good order
    stop.Cancel();
}

using var onCtrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

// The store: RocksDB in a directory. Every write is on the disk before it is acknowledged.
await using IStorage storage = RocksDbStorage.Open(data);

// The server: the same store for others. Only who shows a certificate that our truststore knows gets in.
MutualTlsOptions tls = new CertificateSet(certs).LoadServer();
int port = args.Length > 2 ? int.Parse(args[2]) : 7443;
await using var server = new WsStorageServer(
    storage, new WsStorageServerOptions { Tls = tls, Listen = new IPEndPoint(IPAddress.Loopback, port) });
await server.StartAsync();
Console.WriteLine($"Serving at {server.LocalUrl}; Ctrl-C ends it.");

// Our own work: it reads and writes the store directly, and what it writes is at once visible to clients.
while (!stop.IsCancellationRequested)
{
    var batch = new WriteBatch();
    foreach ((string name, string value) in ReadMachine())
    {
        batch.Put($"history/{name}/{DateTime.UtcNow:O}", value).Put($"latest/{name}", value);
    }

    await storage.WriteAsync(batch); // all of it, or nothing
    await Task.WhenAny(Task.Delay(1000, stop.Token));
}

return 0; // the server finishes what is in flight, then the store is closed

static IEnumerable<(string Name, string Value)> ReadMachine() => OperatingSystem.IsLinux()
    ? [("load", File.ReadAllText("/proc/loadavg").Trim()), ("memory", File.ReadLines("/proc/meminfo").ElementAt(2))]
    : [("memory", $"{GC.GetGCMemoryInfo().MemoryLoadBytes} bytes in use")];
