using System.Diagnostics;
using System.Net;
using WsStorage.Core;
using WsStorage.RocksDb;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>One engine, served by the shipped server and by the peers that it is compared with.</summary>
internal sealed class BenchmarkHost : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly WsStorageServer _server;
    private readonly PeerServer _peers;

    private BenchmarkHost(IStorage storage, WsStorageServer server, PeerServer peers)
    {
        _storage = storage;
        _server = server;
        _peers = peers;
        Addresses = new HostAddresses(server.LocalUrl, peers.WebSockets, peers.Http2);
    }

    public HostAddresses Addresses { get; }

    public static async Task<BenchmarkHost> StartAsync(HostOptions options)
    {
        MutualTlsOptions tls = new CertificateSet(options.Certificates).LoadServer();
        IStorage storage = options.Memory
            ? new InMemoryStorage()
            : RocksDbStorage.Open(options.Data!, EngineOptions.Of(options.Durability, options.CommitLog));
        var server = new WsStorageServer(storage, new WsStorageServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = tls,
            Session = new StorageSessionOptions { MaxConnections = 20_000, MaxConnectionsPerClient = 20_000 },
        });
        await server.StartAsync();
        return new BenchmarkHost(storage, server, await PeerServer.StartAsync(storage, tls));
    }

    /// <summary>Reads what the process has used; collects the heap first.</summary>
    public static HostReadings Read()
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        using Process self = Process.GetCurrentProcess();
        return new HostReadings(allocated, heap, self.TotalProcessorTime.TotalSeconds, self.WorkingSet64);
    }

    /// <summary>Brings the store into the state that it has after a night's rest.</summary>
    /// <returns>What to answer.</returns>
    public async Task<string> CompactAsync()
    {
        if (_storage is RocksDbStorage store)
        {
            await store.CompactDataAsync();
        }

        return "compacted";
    }

    /// <summary>Measures the engine without a wire.</summary>
    /// <param name="question">What and for how long.</param>
    public Task<EngineAnswer> MeasureEngineAsync(EngineQuestion question) =>
        Task.Run(() => new EngineCeiling((IBatchStorage)_storage, question).MeasureAsync());

    public async ValueTask DisposeAsync()
    {
        await _peers.DisposeAsync();
        await _server.DisposeAsync();
        await _storage.DisposeAsync();
    }
}
