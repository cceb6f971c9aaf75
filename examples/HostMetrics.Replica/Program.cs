// A program that has the data beside it: it keeps a replica of what HostMetrics.Producer records, on its own disk and in step,
// whatever happens to the link or to either program, and draws the last minute of it until Ctrl-C.
//
//   dotnet run --project examples/HostMetrics.Replica -- certs wss://localhost:7443/storage replica 250

using System.Runtime.InteropServices;
using HostMetrics.Replica;
using WsStorage;
using WsStorage.Replica;
using WsStorage.RocksDb.Copies;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

if (args is not [var certs, var url, var data, ..] || !Uri.TryCreate(url, UriKind.Absolute, out Uri? address))
{
    Console.Error.WriteLine("usage: HostMetrics.Replica CERTS-DIRECTORY wss://HOST:PORT/PATH REPLICA-DIRECTORY [MILLISECONDS-BETWEEN-READINGS]");
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
    // The source: the producer's store over a secure WebSocket, connected to by itself, again and again.
    MutualTlsOptions tls = new CertificateSet(certs).LoadClient();
    await using var source = new WsStorageClient(new WsStorageClientOptions { Url = address, Tls = tls });

    // The copies: what we have of it, in a directory. It outlives this program, which goes on from there.
    await using var copies = RocksDbCopyStore.Open(data);

    // The replica joins the two, in the background. It is a storage like any other.
    await using var replica = ReplicaStorage.Open(
        source, copies, new ReplicaOptions { Name = $"HostMetrics.Replica on {Environment.MachineName}" });

    // What is written to it goes to the source, where the producer watches this key.
    if (args.Length > 3)
    {
        await replica.PutStringAsync("control/interval", args[3], stop.Token);
    }

    await (Console.IsOutputRedirected ? Metrics.PrintAsync(replica, stop.Token) : Metrics.DrawAsync(replica, stop.Token));
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (StorageException problem)
{
    // One exception for all: Code says why, Outcome what became of a write, Message both to people.
    Console.Error.WriteLine($"{problem.Code}: {problem.Message}");
    return 1;
}
