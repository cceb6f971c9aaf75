using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Robustness.Planted;
using WsStorage.RocksDb;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Robustness.Processes;

/// <summary>
/// The server process: RocksDB over mutual TLS. It says <c>ready</c> once it listens, answers <c>memory</c> by what it holds,
/// and stops in order when its input ends, which it also does when the harness dies.
/// </summary>
internal static class ServeVerb
{
    public const string Name = "serve";
    public const string Memory = "memory";

    public static async Task<int> RunAsync(ServeOptions options)
    {
        await using RocksDbStorage store = RocksDbStorage.Open(options.Directory, options.ToEngine());
        IStorage served = await PlantedBugs.InServerAsync(store, options.Plant);
        await using var server = new WsStorageServer(served, new WsStorageServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, options.Port),
            Tls = new CertificateSet(options.Certificates).LoadServer(),
            Session = new StorageSessionOptions
            {
                MaxConnections = options.MaxConnections,
                MaxConnectionsPerClient = options.MaxConnections,
            },
            LoggerFactory = NullLoggerFactory.Instance,
        });
        await server.StartAsync();
        Console.WriteLine(ChildProcess.Ready);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            Console.WriteLine(line switch
            {
                Memory => MeasureMemory(),
                ProcessMemory.Peak => ProcessMemory.Measure(),
                _ => $"What is '{line}'?",
            });
        }

        return 0;
    }

    /// <summary>The bytes that are in use once all garbage is gone, and the process's resident bytes.</summary>
    private static string MeasureMemory()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalMemory(forceFullCollection: true)} {Environment.WorkingSet}");
    }
}

/// <summary>What a server process holds.</summary>
/// <param name="HeapBytes">Managed memory in use after a collection.</param>
/// <param name="ResidentBytes">All that the process has in memory, RocksDB's caches included.</param>
internal readonly record struct ServerMemory(long HeapBytes, long ResidentBytes)
{
    /// <summary>Reads what the server said.</summary>
    public static ServerMemory Parse(string line)
    {
        string[] parts = line.Split(' ');
        return new ServerMemory(long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
