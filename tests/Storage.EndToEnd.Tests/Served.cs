using System.Net;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;
using WsStorage.WsServer;

namespace WsStorage.EndToEnd.Tests;

/// <summary>A storage served over mutual TLS on a free port, and clients of it.</summary>
internal sealed class Served : IAsyncDisposable
{
    private readonly WsStorageServer _server;

    private Served(WsStorageServer server) => _server = server;

    public WsStorageServer Server => _server;

    public Uri Url => _server.LocalUrl;

    public static async Task<Served> StartAsync(IStorage storage, StorageSessionOptions? session = null, MutualTlsOptions? tls = null, int port = 0)
    {
        var server = new WsStorageServer(storage, new WsStorageServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, port),
            Tls = tls ?? Certificates.Server,
            Session = session ?? new StorageSessionOptions(),
        });
        await server.StartAsync();
        return new Served(server);
    }

    public WsStorageClientOptions ClientOptions(MutualTlsOptions? tls = null) => new() { Url = Url, Tls = tls ?? Certificates.Client };

    public WsStorageClient CreateClient(MutualTlsOptions? tls = null) => new(ClientOptions(tls));

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
