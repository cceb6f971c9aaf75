using System.Diagnostics;
using System.Net;
using System.Text.Json;
using WsStorage.Core;
using WsStorage.RocksDb;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>One engine, served by the shipped server and by the peers that it is compared with.</summary>
internal sealed class BenchmarkHost : IHost
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
            : RocksDbStorage.Open(options.Data!, EngineOptions.Of(options.Durability, options.CommitLog, options.RowCacheBytes));
        var server = new WsStorageServer(storage, new WsStorageServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = tls,
            Session = new StorageSessionOptions { MaxConnections = 20_000, MaxConnectionsPerClient = 20_000 },
        });
        await server.StartAsync();
        return new BenchmarkHost(storage, server, await PeerServer.StartAsync(storage, tls));
    }

    public async Task<string> AnswerAsync(HostQuestion question)
    {
        switch (question)
        {
            case ReadingsQuestion:
                return JsonSerializer.Serialize(Read());
            case CompactQuestion:
                // The state that a store has after a night's rest.
                if (_storage is RocksDbStorage store)
                {
                    await store.CompactDataAsync();
                }

                return "null";
            case EngineQuestion engine:
                return JsonSerializer.Serialize(await Task.Run(() => new EngineCeiling((IBatchStorage)_storage, engine).MeasureAsync()));
            default:
                throw new InvalidOperationException($"A host of a store does not answer a {question.GetType().Name}.");
        }
    }

    private static HostReadings Read()
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        using Process self = Process.GetCurrentProcess();
        return new HostReadings(allocated, heap, self.TotalProcessorTime.TotalSeconds, self.WorkingSet64);
    }

    public async ValueTask DisposeAsync()
    {
        await _peers.DisposeAsync();
        await _server.DisposeAsync();
        await _storage.DisposeAsync();
    }
}
