using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using WsStorage.Protocol;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The door: turns an HTTP request into a session, or refuses it before it is one. Refusals here are HTTP statuses, because
/// no WebSocket exists yet.
/// </summary>
internal sealed class StorageEndpoint
{
    private readonly ServedStorage _served;
    private readonly StorageSessionOptions _options;
    private readonly Func<HttpContext, ClientIdentity?> _authenticate;

    public StorageEndpoint(ServedStorage served, Func<HttpContext, ClientIdentity?> authenticate)
    {
        served.Options.Validate();
        _served = served;
        _options = served.Options;
        _authenticate = authenticate;
    }

    public SessionRegistry Sessions => _served.Sessions;

    public StorageInvalidation Invalidation => _served.Invalidation;

    /// <summary>Who a client is by the certificate that it showed; none without one.</summary>
    /// <param name="http">The request.</param>
    public static ClientIdentity? IdentifyByCertificate(HttpContext http) =>
        http.Connection.ClientCertificate is { } certificate ? ClientIdentity.FromCertificate(certificate) : null;

    public async Task HandleAsync(HttpContext http)
    {
        string remote = $"{http.Connection.RemoteIpAddress}:{http.Connection.RemotePort}";
        ClientIdentity? client = _authenticate(http);
        if (client is null)
        {
            Refuse(http, remote, StatusCodes.Status403Forbidden, "it is not authenticated");
            return;
        }

        if (!http.WebSockets.IsWebSocketRequest)
        {
            Refuse(http, remote, StatusCodes.Status426UpgradeRequired, "it is no WebSocket request");
            http.Response.Headers.Upgrade = "websocket";
            return;
        }

        if (!http.WebSockets.WebSocketRequestedProtocols.Contains(ProtocolConstants.Subprotocol))
        {
            Refuse(http, remote, StatusCodes.Status400BadRequest, $"it does not ask for the subprotocol {ProtocolConstants.Subprotocol}");
            return;
        }

        StringValues origin = http.Request.Headers.Origin;
        if (origin.Count > 0 && !_options.AllowedOrigins.Contains(origin.ToString(), StringComparer.OrdinalIgnoreCase))
        {
            Refuse(http, remote, StatusCodes.Status403Forbidden, $"its origin {origin} is not allowed");
            return;
        }

        if (!Sessions.TryEnter(client, out string? reason))
        {
            Refuse(http, remote, StatusCodes.Status503ServiceUnavailable, reason);
            return;
        }

        try
        {
            await ServeAsync(http, client).ConfigureAwait(false);
        }
        finally
        {
            Sessions.Leave(client);
        }
    }

    private async Task ServeAsync(HttpContext http, ClientIdentity client)
    {
        WebSocket socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = ProtocolConstants.Subprotocol,
            KeepAliveInterval = _options.KeepAliveInterval,
            KeepAliveTimeout = _options.KeepAliveTimeout,
        }).ConfigureAwait(false);
        var transport = new WebSocketTransport(
            socket, ProtocolConstants.MaxHelloBytes, _options.MessageTimeout, _served.TimeProvider);
        var session = new Session(transport, _served.NewContext(client));
        Sessions.Add(session);
        try
        {
            await session.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            Sessions.Remove(session);
        }
    }

    private void Refuse(HttpContext http, string remote, int status, string reason)
    {
        Log.Refused(_served.Logger, remote, reason);
        http.Response.StatusCode = status;
    }
}
