// A program that embeds a WsStorage server beside its own work: once a second it reads how loaded this machine is and puts
// that into its local store, while other programs read the store over a secure WebSocket, and tell it how often.
//
//   wsstorage certs new certs
//   dotnet run --project examples/HostMetrics.Producer -- certs data 7443

using System.Net;
using System.Runtime.InteropServices;
using WsStorage;
using WsStorage.RocksDb;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

ushort port = 7443;
if (args is not [var certs, var data, ..] || (args.Length > 2 && !ushort.TryParse(args[2], out port)))
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

try
{
    // The store: RocksDB in a directory. Every write is on the disk before it is acknowledged.
    await using IStorage storage = RocksDbStorage.Open(data);

    // The server: the same store for others. Only who shows a certificate that our truststore knows gets in.
    MutualTlsOptions tls = new CertificateSet(certs).LoadServer();
    await using var server = new WsStorageServer(
        storage, new WsStorageServerOptions { Tls = tls, Listen = new IPEndPoint(IPAddress.Loopback, port) });
    await server.StartAsync();
    Console.WriteLine($"Serving at {server.LocalUrl}; Ctrl-C ends it.");

    // What clients put reaches us as a change: a watch is the same on this side of the wire.
    int milliseconds = 1000;
    async Task FollowAsync()
    {
        var control = new WatchOptions { Range = KeyRange.Single("control/interval"u8.ToArray()) };
        await foreach (WatchEvent told in storage.WatchAsync(control, stop.Token))
        {
            foreach (Change change in told)
            {
                if (int.TryParse(change.Value.Span, out int wanted) && wanted is >= 10 and <= 60_000)
                {
                    milliseconds = wanted;
                    Console.WriteLine($"A client wants a reading every {wanted} ms.");
                }
            }
        }
    }

    Task following = FollowAsync();

    // Our own work: it reads and writes the store directly, and what it writes is at once visible to clients.
    while (!stop.IsCancellationRequested && !following.IsCompleted)
    {
        var batch = new WriteBatch();
        foreach ((string name, string value) in ReadMachine())
        {
            batch.Put($"history/{name}/{DateTime.UtcNow:O}", value).Put($"latest/{name}", value);
        }

        await storage.WriteAsync(batch); // all of it, or nothing
        await Task.WhenAny(Task.Delay(milliseconds, stop.Token), following);
    }

    await following;
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0; // the server has finished what was in flight, then the store was closed
}
catch (StorageException problem)
{
    // A port that is taken, a keystore that is missing, a store that another program has open: the message says what to do.
    Console.Error.WriteLine($"{problem.Code}: {problem.Message}");
    return 1;
}

static IEnumerable<(string Name, string Value)> ReadMachine() => OperatingSystem.IsLinux()
    ? [("load", File.ReadAllText("/proc/loadavg").Trim()), ("memory", File.ReadLines("/proc/meminfo").ElementAt(2))]
    : [("memory", $"{GC.GetGCMemoryInfo().MemoryLoadBytes} bytes in use")];
