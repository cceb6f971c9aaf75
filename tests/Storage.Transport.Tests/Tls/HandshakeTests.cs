using System.Security.Authentication;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>Every refusal over real connections, in both directions and both versions of TLS.</summary>
[TestFixture(SslProtocols.Tls12)]
[TestFixture(SslProtocols.Tls13)]
public sealed class HandshakeTests(SslProtocols protocol)
{
    private CertificateAuthority _authority = null!;
    private CertificateAuthority _impostor = null!;
    private Truststore _truststore = null!;
    private Keystore _server = null!;
    private Keystore _client = null!;

    [OneTimeSetUp]
    public void SetUp()
    {
        _authority = TestAuthority.Create();
        _impostor = TestAuthority.Create();
        _truststore = _authority.ToTruststore();
        _server = _authority.Issue(TestAuthority.Server);
        _client = _authority.Issue(TestAuthority.Client);
    }

    [OneTimeTearDown]
    public void TearDown()
    {
        _client.Dispose();
        _server.Dispose();
        _truststore.Dispose();
        _impostor.Dispose();
        _authority.Dispose();
    }

    [Test]
    public async Task Good_peers_meet()
    {
        await using TlsPair pair = await TlsPair.ConnectAsync(Options(_server), Options(_client));
        await pair.AssertEchoAsync();
        Assert.Multiple(() =>
        {
            Assert.That(pair.Server.IsMutuallyAuthenticated, Is.True);
            Assert.That(pair.Client.SslProtocol, Is.EqualTo(protocol));
            Assert.That(pair.ServerSide.Verification, Is.EqualTo(PeerVerification.Accept("CN=alice")));
            Assert.That(pair.ClientSide.Verification, Is.EqualTo(PeerVerification.Accept("CN=localhost")));
        });
    }

    [Test]
    public async Task A_second_connection_is_mutually_authenticated_too()
    {
        for (int i = 0; i < 3; i++)
        {
            await using TlsPair pair = await TlsPair.ConnectAsync(Options(_server), Options(_client));
            await pair.AssertEchoAsync();
            Assert.That(pair.Server.IsMutuallyAuthenticated, Is.True);
            Assert.That(pair.ServerSide.Verification!.Subject, Is.EqualTo("CN=alice"));
        }
    }

    [Test]
    public async Task A_chain_over_a_subordinate_authority_is_sent_and_followed()
    {
        using CertificateAuthority subordinate = _authority.IssueAuthority(new AuthorityOptions { Name = "Subordinate" });
        using Keystore server = subordinate.Issue(TestAuthority.Server);
        using Keystore client = subordinate.Issue(TestAuthority.Client);
        await using TlsPair pair = await TlsPair.ConnectAsync(Options(server), Options(client));
        await pair.AssertEchoAsync();
    }

    [Test]
    public async Task Pinned_certificates_meet_without_an_authority()
    {
        using Keystore server = CertificateAuthority.IssueSelfSigned(TestAuthority.Server);
        using Keystore client = _impostor.Issue(TestAuthority.Client);
        using Truststore trustsClient = Truststore.Of(client.Certificate);
        using Truststore trustsServer = Truststore.Of(server.Certificate);
        await using TlsPair pair = await TlsPair.ConnectAsync(
            Options(server) with { Truststore = trustsClient }, Options(client) with { Truststore = trustsServer });
        await pair.AssertEchoAsync();
    }

    [Test]
    public async Task An_anonymous_client_is_served_where_none_is_required()
    {
        await using TlsPair pair = await TlsPair.ConnectAsync(Options(_server) with { ClientCertificateRequired = false }, Options(null));
        await pair.AssertEchoAsync();
        Assert.That(pair.ServerSide.Verification!.IsAnonymous, Is.True);
    }

    [Test]
    public async Task A_refused_client_gets_nothing([ValueSource(nameof(BadClients))] BadPeer bad)
    {
        using Keystore? client = bad.Make(_authority, _impostor);
        await using TlsPair pair = await TlsPair.ConnectAsync(Options(_server), Options(client));
        Assert.That(pair.ServerSide.Verification!.Refusal, Is.EqualTo(bad.Expected));
        Assert.That(pair.ServerFailure, Is.InstanceOf<AuthenticationException>());
        Assert.That(pair.ClientFailure, Is.Not.Null, "the client must not read a byte");

        StorageException e = HandshakeFailure.Classify(pair.ClientFailure!, pair.ClientSide);
        Assert.That(e.InnerException, Is.SameAs(pair.ClientFailure));
        Assert.That(
            e.Code,
            Is.EqualTo(bad.KnownToItself ? StorageErrorCode.AuthenticationFailed : StorageErrorCode.ConnectFailed),
            e.Message);
        Assert.That(e.Message, Does.Contain(bad.Text));
    }

    [Test]
    public async Task A_refusal_after_the_handshake_is_recorded([ValueSource(nameof(BadClients))] BadPeer bad)
    {
        using Keystore? client = bad.Make(_authority, _impostor);
        await using TlsPair pair = await TlsPair.ConnectAsync(Options(_server), Options(client), mode: RefusalMode.AfterHandshake);
        Assert.That(pair.ServerFailure, Is.Null);
        Assert.That(pair.ServerSide.Verification!.Refusal, Is.EqualTo(bad.Expected));
    }

    [Test]
    public async Task A_refused_server_is_told_apart([ValueSource(nameof(BadServers))] BadPeer bad)
    {
        using Keystore server = bad.Make(_authority, _impostor)!;
        await using TlsPair pair = await TlsPair.ConnectAsync(Options(server), Options(_client));
        Assert.That(pair.ClientSide.Verification!.Refusal, Is.EqualTo(bad.Expected));
        StorageException e = HandshakeFailure.Classify(pair.ClientFailure!, pair.ClientSide);
        Assert.Multiple(() =>
        {
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.AuthenticationFailed));
            Assert.That(e.Outcome, Is.EqualTo(WriteOutcome.NotApplied));
            Assert.That(e.Message, Does.StartWith("We refused the certificate").And.Contain(bad.Text));
        });
    }

    [Test]
    public async Task A_server_can_be_reached_by_address()
    {
        using Keystore server = _authority.Issue(IssueOptions.ForServer("127.0.0.1", "::1"));
        foreach (string host in (IEnumerable<string>)["127.0.0.1", "::1", "[::1]"])
        {
            await using TlsPair pair = await TlsPair.ConnectAsync(Options(server), Options(_client), host);
            await pair.AssertEchoAsync();
        }
    }

    [Test]
    public void Sessions_are_not_resumed()
    {
        Assert.That(Options(_server).BeginServerHandshake().Options.AllowTlsResume, Is.False);
        Assert.That(Options(_client).BeginClientHandshake("localhost").Options.AllowTlsResume, Is.False);
    }

    [Test]
    public void Options_are_checked()
    {
        Assert.That(
            () => Options(null).BeginServerHandshake(),
            Throws.TypeOf<StorageException>().With.Message.Contains("keystore"));
        Assert.That(
            () => (Options(_client) with { Protocols = SslProtocols.None }).Validate(),
            Throws.TypeOf<StorageException>().With.Message.Contains("Tls12"));
        Assert.That(
            () => (Options(_client) with { Revocation = new RevocationOptions { Timeout = TimeSpan.FromMinutes(1) } }).Validate(),
            Throws.TypeOf<StorageException>().With.Message.Contains("30 s"));
        using Keystore expired = _authority.Issue(TestAuthority.Server.Expired());
        Assert.That(() => Options(expired).ValidateForServer(), Throws.TypeOf<StorageException>().With.Message.Contains("expired"));
        Assert.That(() => Options(_client).ValidateForServer(), Throws.TypeOf<StorageException>().With.Message.Contains("serverAuth"));
        Assert.That(() => Options(_server).ValidateForServer(), Throws.Nothing);
    }

    public static IEnumerable<BadPeer> BadClients =>
    [
        new("none", PeerRefusal.Missing, KnownToItself: true, "no client certificate", (_, _) => null),
        new("self-signed", PeerRefusal.Untrusted, KnownToItself: false, "truststore", (_, _) => CertificateAuthority.IssueSelfSigned(TestAuthority.Client)),
        new("same-name authority", PeerRefusal.Untrusted, KnownToItself: false, "truststore", (_, impostor) => impostor.Issue(TestAuthority.Client)),
        new("expired", PeerRefusal.Expired, KnownToItself: true, "expired at", (authority, _) => authority.Issue(TestAuthority.Client.Expired())),
        new("not yet valid", PeerRefusal.NotYetValid, KnownToItself: true, "not valid before", (authority, _) => authority.Issue(TestAuthority.Client.NotYetValid())),
        new("for servers", PeerRefusal.WrongPurpose, KnownToItself: true, "clientAuth", (authority, _) => authority.Issue(TestAuthority.Server)),
    ];

    public static IEnumerable<BadPeer> BadServers =>
    [
        new("self-signed", PeerRefusal.Untrusted, KnownToItself: false, "no trusted authority", (_, _) => CertificateAuthority.IssueSelfSigned(TestAuthority.Server)),
        new("same-name authority", PeerRefusal.Untrusted, KnownToItself: false, "no trusted authority", (_, impostor) => impostor.Issue(TestAuthority.Server)),
        new("expired", PeerRefusal.Expired, KnownToItself: true, "expired at", (authority, _) => authority.Issue(TestAuthority.Server.Expired())),
        new("not yet valid", PeerRefusal.NotYetValid, KnownToItself: true, "not valid before", (authority, _) => authority.Issue(TestAuthority.Server.NotYetValid())),
        new("for clients", PeerRefusal.WrongPurpose, KnownToItself: true, "serverAuth", (authority, _) => authority.Issue(TestAuthority.Server.With(CertificatePurposes.Client))),
        new("another host", PeerRefusal.NameMismatch, KnownToItself: false, "not for localhost", (authority, _) => authority.Issue(IssueOptions.ForServer("db.example.org"))),
    ];

    private MutualTlsOptions Options(Keystore? keystore) => new() { Keystore = keystore, Truststore = _truststore, Protocols = protocol };

    /// <summary>A peer that must be refused, and what is said of it.</summary>
    public sealed record BadPeer(
        string Name, PeerRefusal Expected, bool KnownToItself, string Text, Func<CertificateAuthority, CertificateAuthority, Keystore?> Make)
    {
        public override string ToString() => Name;
    }
}
