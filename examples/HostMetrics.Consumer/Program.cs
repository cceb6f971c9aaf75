// A program that embeds the WsStorage client: it reads, over a secure WebSocket, what HostMetrics.Producer records. The
// client is an IStorage like any other: code that is written against that interface does not know where the store is.
//
//   dotnet run --project examples/HostMetrics.Consumer -- certs wss://localhost:7443/storage

using WsStorage;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

if (args is not [var certs, var url])
{
    Console.Error.WriteLine("usage: HostMetrics.Consumer CERTS-DIRECTORY URL");
    return 2;
}

try
{
    // Who we are, and whom we trust; the server is refused if its certificate is not for the host in the URL.
    MutualTlsOptions tls = new CertificateSet(certs).LoadClient();
    await using IStorage storage = new WsStorageClient(new WsStorageClientOptions { Url = new Uri(url), Tls = tls });

    StorageInfo info = await storage.GetInfoAsync();
    Console.WriteLine($"The store is {info.Engine} at revision {info.Revision}.");

    // One key.
    Console.WriteLine($"memory now: {await storage.GetStringAsync("latest/memory")}");

    // Every key with a prefix, in order, all at one revision. Reverse and Limit give the newest three.
    var newest = new ScanOptions { Range = KeyRange.Prefix("history/memory/"), Reverse = true, Limit = 3 };
    await foreach (Entry entry in storage.ScanAsync(newest))
    {
        Console.WriteLine($"{entry.KeyText}  {entry.ValueText}");
    }

    // A batch applies whole or not at all. This one puts our name only if nobody has put one before.
    bool first = await storage.TryAddAsync("readers/first"u8.ToArray(), "HostMetrics.Consumer"u8.ToArray());
    Console.WriteLine(first ? "We are the first reader." : "Another reader was here before.");
    return 0;
}
catch (StorageException problem)
{
    // One exception for all: Code says why, Outcome what became of a write, Message both to people.
    Console.Error.WriteLine($"{problem.Code}: {problem.Message}");
    return 1;
}
