using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>A server that sends real alerts, as openssl does, makes the client say what they mean.</summary>
public sealed class TlsAlertTests
{
    private TemporaryDirectory _directory = null!;
    private CertificateAuthority _authority = null!;
    private CertificateAuthority _impostor = null!;

    [SetUp]
    public void SetUp()
    {
        _directory = new TemporaryDirectory();
        _authority = TestAuthority.Create();
        _impostor = TestAuthority.Create();
    }

    [TearDown]
    public void TearDown()
    {
        _impostor.Dispose();
        _authority.Dispose();
        _directory.Dispose();
    }

    [Test]
    public async Task A_refusal_by_openssl_is_classified(
        [ValueSource(typeof(HandshakeTests), nameof(HandshakeTests.BadClients))] HandshakeTests.BadPeer bad,
        [Values(SslProtocols.Tls12, SslProtocols.Tls13)] SslProtocols protocol)
    {
        Tool.Require("openssl", "version");
        using Process server = StartServer();
        try
        {
            using Keystore? client = bad.Make(_authority, _impostor);
            using Truststore truststore = _authority.ToTruststore();
            var options = new MutualTlsOptions { Keystore = client, Truststore = truststore, Protocols = protocol };
            ClientHandshake handshake = options.BeginClientHandshake("localhost");
            Exception failure = (await Assert.CatchAsync(async () => await ConnectAndReadAsync(await ReadPortAsync(server), handshake)))!;
            StorageException e = HandshakeFailure.Classify(failure, handshake);
            TestContext.Out.WriteLine($"{TlsAlert.Find(failure)}: {e.Message}");
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed), e.Message);
            Assert.That(TlsAlert.Find(failure), Is.Not.Null);
            Assert.That(e.Message, Does.Contain("refused").And.Contain(bad.Text));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    [TestCase(0x0A00045Cu, TlsAlert.CertificateRequired)]
    [TestCase(0x0A000415u, TlsAlert.CertificateExpired)]
    [TestCase(0x14094418u, TlsAlert.UnknownAuthority)]
    [TestCase(0x0A00010Bu, null)]
    [TestCase(0x80092002u, null)]
    public void An_openssl_error_holds_its_alert(uint code, int? alert) => Assert.That(
        TlsAlert.Find(new IOException("read", new CryptographicException(unchecked((int)code)))), Is.EqualTo(alert));

    [TestCase(0x80090328u, TlsAlert.CertificateExpired)]
    [TestCase(0x80090325u, TlsAlert.UnknownAuthority)]
    [TestCase(0x80090304u, null)]
    public void A_schannel_error_holds_its_alert(uint code, int? alert) => Assert.That(
        TlsAlert.Find(new AuthenticationException("no", new Win32Exception(unchecked((int)code)))), Is.EqualTo(alert));

    [Test]
    public void No_alert_is_found_where_none_is() =>
        Assert.That(TlsAlert.Find(new IOException("gone", new SocketException((int)SocketError.ConnectionReset))), Is.Null);

    [Test]
    public async Task A_server_without_tls_is_recognised()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using Truststore truststore = _authority.ToTruststore();
        ClientHandshake handshake = new MutualTlsOptions { Truststore = truststore }.BeginClientHandshake("localhost");
        Task<Exception?> failure = Assert.CatchAsync(() => ConnectAndReadAsync(((System.Net.IPEndPoint)listener.LocalEndpoint).Port, handshake));
        using (TcpClient accepted = await listener.AcceptTcpClientAsync())
        {
            await accepted.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            StorageException e = HandshakeFailure.Classify((await failure)!, handshake);
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.ConnectFailed));
            Assert.That(e.Message, Does.Contain("is it a TLS server"));
        }
    }

    private static async Task ConnectAndReadAsync(int port, ClientHandshake handshake)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var socket = new TcpClient();
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, port, patience.Token);
        await using var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(handshake.Options, patience.Token);
        await stream.ReadExactlyAsync(new byte[1], patience.Token);
    }

    private Process StartServer()
    {
        using Keystore keystore = _authority.Issue(TestAuthority.Server);
        string pem = _directory.Combine("server.pem");
        string ca = _directory.Combine("ca.pem");
        using ECDsa key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(keystore.Certificate)!;
        File.WriteAllText(pem, key.ExportPkcs8PrivateKeyPem() + "\n" + keystore.Certificate.ExportCertificatePem());
        File.WriteAllText(ca, _authority.Certificate.ExportCertificatePem());
        return Process.Start(Tool.Start(
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", pem, "-CAfile", ca, "-Verify", "2", "-verify_return_error"))!;
    }

    private static async Task<int> ReadPortAsync(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("ACCEPT ", StringComparison.Ordinal))
            {
                return int.Parse(line.AsSpan(line.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException($"openssl did not start: {await server.StandardError.ReadToEndAsync()}");
    }
}
