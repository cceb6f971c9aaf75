using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using WsStorage.Transport.Tls;

namespace WsStorage.WsServer;

/// <summary>Mutual TLS for a listener of Kestrel.</summary>
public static class StorageTlsExtensions
{
    private static readonly object HandshakeKey = new();

    /// <summary>
    /// Demands a client certificate that the truststore holds, and lets nobody else through: a refused client is told why,
    /// without a byte of its requests being read, and the connection is closed.
    /// </summary>
    /// <param name="listen">The listener.</param>
    /// <param name="tls">Keystore and truststore of the server.</param>
    /// <returns>The listener.</returns>
    /// <exception cref="StorageException">The options make no sense for a server, or its own certificate is of no use.</exception>
    public static ListenOptions UseStorageTls(this ListenOptions listen, MutualTlsOptions tls)
    {
        tls.ValidateForServer();
        listen.Protocols = HttpProtocols.Http1;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context =>
            {
                ServerHandshake handshake = tls.BeginServerHandshake(RefusalMode.AfterHandshake);
                context.Connection.Items[HandshakeKey] = handshake;
                return ValueTask.FromResult(handshake.Options);
            },
        });
        listen.Use(next => connection => LetAcceptedThroughAsync(connection, next, tls.TimeProvider));
        return listen;
    }

    private static async Task LetAcceptedThroughAsync(ConnectionContext connection, ConnectionDelegate next, TimeProvider timeProvider)
    {
        var handshake = (ServerHandshake)connection.Items[HandshakeKey]!;
        switch (handshake.Verification)
        {
            case { IsAccepted: true }:
                await next(connection).ConfigureAwait(false);
                break;
            case { } refused:
                await RefusalNotice.SendAsync(connection.Transport, refused, timeProvider, connection.ConnectionClosed)
                    .ConfigureAwait(false);
                break;
            default:
                connection.Abort(new ConnectionAbortedException("The client's certificate was never checked."));
                break;
        }
    }
}
