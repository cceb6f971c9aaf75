using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>A client and a server that have shaken hands over loopback, or tried to.</summary>
internal sealed class TlsPair : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient _clientSocket = new();
    private TcpClient _serverSocket = null!;

    public ServerHandshake ServerSide { get; private init; } = null!;

    public ClientHandshake ClientSide { get; private init; } = null!;

    public SslStream Client { get; private set; } = null!;

    public SslStream Server { get; private set; } = null!;

    /// <summary>What the server threw in the handshake, or null.</summary>
    public Exception? ServerFailure { get; private set; }

    /// <summary>What the client threw in the handshake or when it then read, or null.</summary>
    public Exception? ClientFailure { get; private set; }

    public static async Task<TlsPair> ConnectAsync(
        MutualTlsOptions server, MutualTlsOptions client, string host = "localhost", RefusalMode mode = RefusalMode.InHandshake)
    {
        var pair = new TlsPair { ServerSide = server.BeginServerHandshake(mode), ClientSide = client.BeginClientHandshake(host) };
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await pair._clientSocket.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        pair._serverSocket = await listener.AcceptTcpClientAsync();
        pair.Client = new SslStream(pair._clientSocket.GetStream());
        pair.Server = new SslStream(pair._serverSocket.GetStream());
        await Task.WhenAll(pair.ShakeAsServerAsync(), pair.ShakeAsClientAsync());
        return pair;
    }

    public async Task AssertEchoAsync()
    {
        Assert.That(ServerFailure, Is.Null);
        Assert.That(ClientFailure, Is.Null);
        byte[] bytes = [1, 2, 3];
        await Server.WriteAsync(bytes);
        var received = new byte[3];
        await Client.ReadExactlyAsync(received);
        Assert.That(received, Is.EqualTo(bytes));
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        _clientSocket.Dispose();
        _serverSocket.Dispose();
    }

    private async Task ShakeAsServerAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await Server.AuthenticateAsServerAsync(ServerSide.Options, patience.Token);
            await Server.WriteAsync(new byte[] { 7 }, patience.Token);
        }
        catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or IOException)
        {
            ServerFailure = e;
            _serverSocket.Close();
        }
    }

    private async Task ShakeAsClientAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await Client.AuthenticateAsClientAsync(ClientSide.Options, patience.Token);
            await Client.ReadExactlyAsync(new byte[1], patience.Token);
        }
        catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or IOException)
        {
            ClientFailure = e;
            _clientSocket.Close();
        }
    }
}
