using System.Net.Http.Headers;
using System.Net.WebSockets;
using WsStorage.Protocol;
using WsStorage.Transport;
using WsStorage.Transport.Tls;

namespace WsStorage.WsClient;

/// <summary>Makes the connection of a client: TCP, perhaps through a proxy, mutual TLS, and the WebSocket on top.</summary>
internal static class WebSocketConnector
{
    /// <summary>Connects.</summary>
    /// <param name="url">Where to. Its host's name is resolved anew each time.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The transport, open.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.AuthenticationFailed"/>,
    /// <see cref="StorageErrorCode.ConnectFailed"/> or <see cref="StorageErrorCode.LimitExceeded"/>.</exception>
    public static async ValueTask<IMessageTransport> ConnectAsync(
        Uri url, WsStorageClientOptions options, CancellationToken cancellationToken)
    {
        ClientHandshake handshake = options.Tls.BeginClientHandshake(url.IdnHost);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = handshake.Options,
            UseCookies = false,
            AllowAutoRedirect = false,
            Proxy = options.Proxy,
        };
        using var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        socket.Options.KeepAliveInterval = options.KeepAliveInterval;
        socket.Options.KeepAliveTimeout = options.KeepAliveTimeout;
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(url, invoker, cancellationToken).ConfigureAwait(false);
            return new WebSocketTransport(socket, options.MaxMessageBytes, options.OperationTimeout, options.TimeProvider);
        }
        catch (WebSocketException exception)
        {
            StorageException reason = Explain(url, socket, handshake, exception);
            socket.Dispose();
            throw reason;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static StorageException Explain(Uri url, ClientWebSocket socket, ClientHandshake handshake, WebSocketException exception)
    {
        int status = (int)socket.HttpStatusCode;
        string? refused = socket.HttpResponseHeaders is { } headers && headers.TryGetValue(RefusalNotice.HeaderName, out IEnumerable<string>? values)
            ? values.FirstOrDefault()
            : null;
        return status is 0 || refused is not null
            ? HandshakeFailure.Classify(exception, handshake, refused)
            : status switch
            {
                503 => Failed(StorageErrorCode.LimitExceeded, $"{url} has as many connections as it takes, or is shutting down. Try again later."),
                404 => Failed(StorageErrorCode.ConnectFailed, $"There is no store at {url}: the server answered 404. Check the path."),
                403 => Failed(StorageErrorCode.AuthenticationFailed, $"{url} does not let this client in: the server answered 403."),
                101 => Failed(StorageErrorCode.ConnectFailed, $"The server at {url} does not speak {ProtocolConstants.Subprotocol}."),
                _ => Failed(StorageErrorCode.ConnectFailed, $"{url} did not accept a WebSocket: the server answered {status}. Is it a WsStorage server?"),
            };

        StorageException Failed(StorageErrorCode code, string message) => new(code, message, WriteOutcome.NotApplied, exception);
    }
}
