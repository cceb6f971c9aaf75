using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>What ours is compared with, in Kestrel too and with the same mutual TLS.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private PeerServer(WebApplication application)
    {
        _application = application;
        string[] addresses = [.. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        WebSockets = new UriBuilder("wss", "localhost", BindingAddress.Parse(addresses[0]).Port).Uri;
        Http2 = new UriBuilder("https", "localhost", BindingAddress.Parse(addresses[1]).Port).Uri;
    }

    public Uri WebSockets { get; }

    public Uri Http2 { get; }

    public static async Task<PeerServer> StartAsync(IStorage storage, MutualTlsOptions tls)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseStorageTls(tls));
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(tls.BeginServerHandshake().Options),
                });
            });
        });
        WebApplication application = builder.Build();
        application.UseWebSockets();
        var http2 = new Http2Peer(storage);
        var broadcast = new BroadcastPeer();
        application.Run(http => http.Request.Path.Value switch
        {
            "/echo" => EchoAsync(http),
            "/idle" => IdleAsync(http),
            "/broadcast" => broadcast.SubscribeAsync(http),
            "/publish" => broadcast.PublishAsync(http),
            "/get" => http2.GetAsync(http),
            "/put" => http2.PutAsync(http),
            _ => Task.FromException(new InvalidOperationException($"There is no peer at {http.Request.Path}.")),
        });
        await application.StartAsync();
        return new PeerServer(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    /// <summary>Sends back each message as it is: the least that a WebSocket server can do.</summary>
    private static async Task EchoAsync(HttpContext http)
    {
        using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[128 * 1024];
        while (true)
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    /// <summary>Listens and holds next to nothing: what is left of a connection is what the framework takes.</summary>
    private static async Task IdleAsync(HttpContext http)
    {
        using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
        while ((await socket.ReceiveAsync(new byte[1].AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
        }
    }
}
