using System.Net;
using System.Net.WebSockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>A refused WebSocket client learns the reason from Kestrel, which reads nothing of what it sends.</summary>
[TestFixture(SslProtocols.Tls12)]
[TestFixture(SslProtocols.Tls13)]
public sealed class RefusalNoticeTests(SslProtocols protocol)
{
    private CertificateAuthority _authority = null!;
    private CertificateAuthority _impostor = null!;
    private Truststore _truststore = null!;
    private Keystore _server = null!;

    [OneTimeSetUp]
    public void SetUp()
    {
        _authority = TestAuthority.Create();
        _impostor = TestAuthority.Create();
        _truststore = _authority.ToTruststore();
        _server = _authority.Issue(TestAuthority.Server);
    }

    [OneTimeTearDown]
    public void TearDown()
    {
        _server.Dispose();
        _truststore.Dispose();
        _impostor.Dispose();
        _authority.Dispose();
    }

    [Test]
    public async Task The_client_says_which_refusal_it_was()
    {
        int requests = 0;
        await using WebApplication app = await StartAsync(RefusalMode.AfterHandshake, () => Interlocked.Increment(ref requests));
        foreach (HandshakeTests.BadPeer bad in HandshakeTests.BadClients)
        {
            using Keystore? client = bad.Make(_authority, _impostor);
            StorageException e = await ConnectRefusedAsync(app, client);
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed), $"{bad}: {e.Message}");
            Assert.That(e.Message, Does.Contain("refused").And.Contain(bad.Text), bad.Name);
            Assert.That(e.Message, Does.Not.Contain("without a reason"), bad.Name);
        }

        Assert.That(requests, Is.Zero, "no request of a refused client may reach the application");
    }

    [Test]
    public async Task A_good_client_gets_through()
    {
        int requests = 0;
        await using WebApplication app = await StartAsync(RefusalMode.AfterHandshake, () => Interlocked.Increment(ref requests));
        using Keystore client = _authority.Issue(TestAuthority.Client);
        using ClientWebSocket socket = new();
        await ConnectAsync(socket, app, Options(client).BeginClientHandshake("localhost"));
        Assert.That(socket.State, Is.EqualTo(WebSocketState.Open));
        Assert.That(requests, Is.EqualTo(1));
    }

    [Test]
    public async Task Refused_in_the_handshake_the_client_says_what_it_knows()
    {
        await using WebApplication app = await StartAsync(RefusalMode.InHandshake, () => { });
        foreach (HandshakeTests.BadPeer bad in HandshakeTests.BadClients)
        {
            using Keystore? client = bad.Make(_authority, _impostor);
            StorageException e = await ConnectRefusedAsync(app, client);
            Assert.That(
                e.Code,
                Is.EqualTo(bad.KnownToItself ? StorageErrorCode.AuthenticationFailed : StorageErrorCode.ConnectFailed),
                $"{bad}: {e.Message}");
            Assert.That(e.Message, Does.Contain(bad.Text), bad.Name);
        }
    }

    [Test]
    public async Task A_refused_server_is_told_apart_over_web_sockets_too()
    {
        await using WebApplication app = await StartAsync(RefusalMode.AfterHandshake, () => { });
        using Keystore client = _authority.Issue(TestAuthority.Client);
        using Truststore other = _impostor.ToTruststore();
        ClientHandshake handshake = (Options(client) with { Truststore = other }).BeginClientHandshake("localhost");
        using ClientWebSocket socket = new();
        Exception failure = (await Assert.CatchAsync(() => ConnectAsync(socket, app, handshake)))!;
        StorageException e = HandshakeFailure.Classify(failure, handshake);
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed));
        Assert.That(e.Message, Does.StartWith("We refused the certificate CN=localhost"));
    }

    [Test]
    public async Task A_port_where_nobody_listens_is_not_reached()
    {
        await using WebApplication app = await StartAsync(RefusalMode.InHandshake, () => { });
        int port = new Uri(app.Urls.First()).Port;
        await app.StopAsync();
        ClientHandshake handshake = Options(null).BeginClientHandshake("localhost");
        using ClientWebSocket socket = new();
        Exception failure = (await Assert.CatchAsync(() => ConnectAsync(socket, port, handshake)))!;
        StorageException e = HandshakeFailure.Classify(failure, handshake);
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.ConnectFailed));
        Assert.That(e.Message, Does.Contain("ConnectionRefused"));
    }

    [Test]
    public async Task An_answer_that_is_no_refusal_is_not_taken_for_one()
    {
        await using WebApplication app = await StartAsync(RefusalMode.AfterHandshake, () => { });
        using Keystore client = _authority.Issue(TestAuthority.Client);
        ClientHandshake handshake = Options(client).BeginClientHandshake("localhost");
        using ClientWebSocket socket = new();
        Exception failure = (await Assert.CatchAsync(() => ConnectAsync(socket, app, handshake, "nowhere")))!;
        Assert.That(socket.HttpStatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        StorageException e = HandshakeFailure.Classify(failure, handshake);
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.ConnectFailed));
        Assert.That(e.Message, Does.Contain("404"));
    }

    [Test]
    public void Every_refusal_can_be_read_back()
    {
        foreach (PeerRefusal refusal in Enum.GetValues<PeerRefusal>().Where(each => each != PeerRefusal.None))
        {
            string response = System.Text.Encoding.UTF8.GetString(RefusalNotice.ToHttpResponse(new PeerVerification(refusal, "CN=x", "why not")));
            string[] lines = response.Split("\r\n");
            string header = lines.Single(line => line.StartsWith("WsStorage-Refused: ", StringComparison.Ordinal));
            Assert.That(lines[0], Is.EqualTo("HTTP/1.1 403 Forbidden"));
            Assert.That(RefusalNotice.Parse(header["WsStorage-Refused: ".Length..]), Is.EqualTo(refusal));
            Assert.That(lines, Has.Member($"Content-Length: {lines[^1].Length}"));
        }
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("none")]
    [TestCase("2")]
    [TestCase("untrusted, expired")]
    public void Any_other_value_is_no_refusal(string? value) =>
        Assert.That(RefusalNotice.Parse(value), Is.EqualTo(PeerRefusal.None));

    [Test]
    public void An_accepted_client_gets_no_notice() => Assert.That(
        () => RefusalNotice.ToHttpResponse(PeerVerification.Accept("CN=x")), Throws.TypeOf<StorageException>());

    private MutualTlsOptions Options(Keystore? keystore) => new() { Keystore = keystore, Truststore = _truststore, Protocols = protocol };

    private async Task<WebApplication> StartAsync(RefusalMode mode, Action onRequest)
    {
        MutualTlsOptions options = Options(_server);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = context =>
                {
                    ServerHandshake handshake = options.BeginServerHandshake(mode);
                    context.Connection.Items[typeof(ServerHandshake)] = handshake;
                    return ValueTask.FromResult(handshake.Options);
                },
            });
            listen.Use(next => async connection =>
            {
                var handshake = (ServerHandshake)connection.Items[typeof(ServerHandshake)]!;
                if (handshake.Verification is { IsAccepted: true })
                {
                    await next(connection);
                }
                else
                {
                    await RefusalNotice.SendAsync(connection.Transport, handshake.Verification!, cancellationToken: connection.ConnectionClosed);
                }
            });
        }));
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.Map("/", async context =>
        {
            onRequest();
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[16], context.RequestAborted);
        });
        await app.StartAsync();
        return app;
    }

    private async Task<StorageException> ConnectRefusedAsync(WebApplication app, Keystore? client)
    {
        ClientHandshake handshake = Options(client).BeginClientHandshake("localhost");
        using ClientWebSocket socket = new();
        Exception failure = (await Assert.CatchAsync(() => ConnectAsync(socket, app, handshake)))!;
        string? header = socket.HttpResponseHeaders?.TryGetValue(RefusalNotice.HeaderName, out IEnumerable<string>? values) == true
            ? values.First()
            : null;
        return HandshakeFailure.Classify(failure, handshake, header);
    }

    private static Task ConnectAsync(ClientWebSocket socket, WebApplication app, ClientHandshake handshake, string path = "") =>
        ConnectAsync(socket, new Uri(app.Urls.First()).Port, handshake, path);

    private static async Task ConnectAsync(ClientWebSocket socket, int port, ClientHandshake handshake, string path = "")
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var handler = new SocketsHttpHandler { SslOptions = handshake.Options };
        using var invoker = new HttpMessageInvoker(handler);
        socket.Options.CollectHttpResponseDetails = true;
        await socket.ConnectAsync(new Uri($"wss://localhost:{port}/{path}"), invoker, patience.Token);
    }
}
