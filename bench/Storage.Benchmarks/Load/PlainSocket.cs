using System.Net.WebSockets;
using WsStorage.Transport.Tls;

namespace WsStorage.Benchmarks.Load;

/// <summary>WebSockets of the framework as they are.</summary>
internal static class PlainSocket
{
    /// <summary>Connects with mutual TLS.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="tls">The client's side.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<ClientWebSocket> ConnectAsync(Uri url, MutualTlsOptions tls, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { SslOptions = tls.BeginClientHandshake(url.IdnHost).Options };
        using var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(url, invoker, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
