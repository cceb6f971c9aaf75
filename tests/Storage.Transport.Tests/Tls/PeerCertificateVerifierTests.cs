using System.Security.Cryptography.X509Certificates;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

public sealed class PeerCertificateVerifierTests
{
    private CertificateAuthority _authority = null!;
    private Truststore _truststore = null!;

    [OneTimeSetUp]
    public void SetUp()
    {
        _authority = TestAuthority.Create();
        _truststore = _authority.ToTruststore();
    }

    [OneTimeTearDown]
    public void TearDown()
    {
        _truststore.Dispose();
        _authority.Dispose();
    }

    [Test]
    public void Good_certificates_are_accepted()
    {
        using Keystore client = _authority.Issue(TestAuthority.Client);
        using Keystore server = _authority.Issue(TestAuthority.Server);
        Assert.That(VerifyClient(client), Is.EqualTo(PeerVerification.Accept("CN=alice")));
        Assert.That(VerifyServer(server, "localhost"), Is.EqualTo(PeerVerification.Accept("CN=localhost")));
    }

    [Test]
    public void None_is_missing_unless_none_is_required()
    {
        Assert.That(new PeerCertificateVerifier(_truststore, CertificatePurposes.Client).Verify(null).Refusal, Is.EqualTo(PeerRefusal.Missing));
        PeerVerification optional = new PeerCertificateVerifier(_truststore, CertificatePurposes.Client, certificateRequired: false).Verify(null);
        Assert.That(optional.IsAnonymous, Is.True);
    }

    [Test]
    public void A_bad_certificate_is_refused_also_where_none_is_required()
    {
        using Keystore client = _authority.Issue(TestAuthority.Client.Expired());
        var verifier = new PeerCertificateVerifier(_truststore, CertificatePurposes.Client, certificateRequired: false);
        Assert.That(verifier.Verify(client.Certificate).Refusal, Is.EqualTo(PeerRefusal.Expired));
    }

    [Test]
    public void Its_own_signature_is_not_enough()
    {
        using Keystore client = CertificateAuthority.IssueSelfSigned(TestAuthority.Client);
        Assert.That(VerifyClient(client).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
    }

    [Test]
    public void An_authority_of_the_same_name_is_not_the_authority()
    {
        using CertificateAuthority impostor = TestAuthority.Create("Test CA");
        using Keystore client = impostor.Issue(TestAuthority.Client);
        Assert.That(VerifyClient(client).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
        Assert.That(VerifyClient(client, client.Chain).Refusal, Is.EqualTo(PeerRefusal.Untrusted), "though it sends its chain");
    }

    [Test]
    public void An_authority_that_the_machine_trusts_is_not_trusted()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Assume.That(store.Certificates, Is.Not.Empty, "this machine trusts no authority at all");
        var verifier = new PeerCertificateVerifier(_truststore, CertificatePurposes.Server);
        Assert.That(verifier.Verify(store.Certificates[0]).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
    }

    [Test]
    public void A_leaf_issues_nothing()
    {
        using Keystore client = _authority.Issue(TestAuthority.Client);
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new CertificateRequest("CN=mallory", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        X509SignatureGenerator generator = X509SignatureGenerator.CreateForECDsa(client.Certificate.GetECDsaPrivateKey()!);
        using X509Certificate2 forged = request.Create(
            client.Certificate.SubjectName, generator, TestAuthority.Now.AddMinutes(-1), TestAuthority.Now.AddDays(1), [1, 2, 3]);
        var verifier = new PeerCertificateVerifier(_truststore, CertificatePurposes.Client);
        Assert.That(verifier.Verify(forged, [client.Certificate]).IsAccepted, Is.False);
        using Truststore pinned = Truststore.Of(client.Certificate);
        verifier = new PeerCertificateVerifier(pinned, CertificatePurposes.Client);
        Assert.That(verifier.Verify(forged, [client.Certificate]).Refusal, Is.EqualTo(PeerRefusal.Untrusted), "a pin is no authority");
    }

    [Test]
    public void Time_is_kept_by_the_given_clock()
    {
        using Keystore client = _authority.Issue(TestAuthority.Client);
        Assert.Multiple(() =>
        {
            Assert.That(At(client, client.Certificate.NotBefore).Refusal, Is.EqualTo(PeerRefusal.None));
            Assert.That(At(client, client.Certificate.NotBefore.AddSeconds(-1)).Refusal, Is.EqualTo(PeerRefusal.NotYetValid));
            Assert.That(At(client, client.Certificate.NotAfter.AddSeconds(-1)).Refusal, Is.EqualTo(PeerRefusal.None));
            Assert.That(At(client, client.Certificate.NotAfter).Refusal, Is.EqualTo(PeerRefusal.Expired));
        });
    }

    [Test]
    public void Expired_and_not_yet_valid_are_told_apart()
    {
        using Keystore expired = _authority.Issue(TestAuthority.Client.Expired());
        using Keystore early = _authority.Issue(TestAuthority.Client.NotYetValid());
        Assert.That(VerifyClient(expired).Refusal, Is.EqualTo(PeerRefusal.Expired));
        Assert.That(VerifyClient(early).Refusal, Is.EqualTo(PeerRefusal.NotYetValid));
    }

    [Test]
    public void An_expired_authority_is_told_from_an_expired_leaf()
    {
        using Keystore client = _authority.Issue(TestAuthority.Client);
        PeerVerification result = At(client, _authority.Certificate.NotAfter.AddDays(1));
        Assert.That(result.Detail, Does.StartWith("it expired"));

        using var shortLived = CertificateAuthority.Create(new AuthorityOptions { Validity = TimeSpan.FromDays(1) });
        using Keystore clamped = shortLived.Issue(TestAuthority.Client);
        Assert.That(clamped.Certificate.NotAfter, Is.EqualTo(shortLived.Certificate.NotAfter));
    }

    [Test]
    public void An_expired_stranger_is_a_stranger()
    {
        using CertificateAuthority other = TestAuthority.Create("Other CA");
        using Keystore client = other.Issue(TestAuthority.Client.Expired());
        Assert.That(VerifyClient(client).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
    }

    [TestCase(CertificatePurposes.Client, CertificatePurposes.Client, PeerRefusal.None)]
    [TestCase(CertificatePurposes.Server, CertificatePurposes.Client, PeerRefusal.WrongPurpose)]
    [TestCase(CertificatePurposes.Client, CertificatePurposes.Server, PeerRefusal.WrongPurpose)]
    [TestCase(CertificatePurposes.Server, CertificatePurposes.Server, PeerRefusal.None)]
    [TestCase(CertificatePurposes.Server | CertificatePurposes.Client, CertificatePurposes.Client, PeerRefusal.None)]
    [TestCase(CertificatePurposes.Any, CertificatePurposes.Client, PeerRefusal.None)]
    [TestCase(CertificatePurposes.Any, CertificatePurposes.Server, PeerRefusal.None)]
    public void The_purpose_must_be_the_role(CertificatePurposes has, CertificatePurposes role, PeerRefusal expected)
    {
        using Keystore keystore = _authority.Issue(TestAuthority.Server.With(has));
        using Truststore pin = Truststore.Of(keystore.Certificate);
        Assert.That(new PeerCertificateVerifier(_truststore, role).Verify(keystore.Certificate).Refusal, Is.EqualTo(expected));
        Assert.That(new PeerCertificateVerifier(pin, role).Verify(keystore.Certificate).Refusal, Is.EqualTo(expected), "pinned");
    }

    [TestCase("localhost", PeerRefusal.None)]
    [TestCase("LOCALHOST", PeerRefusal.None)]
    [TestCase("127.0.0.1", PeerRefusal.None)]
    [TestCase("db.example.org", PeerRefusal.None)]
    [TestCase("example.org", PeerRefusal.NameMismatch)]
    [TestCase("a.b.example.org", PeerRefusal.NameMismatch)]
    [TestCase("127.0.0.2", PeerRefusal.NameMismatch)]
    [TestCase("[::1]", PeerRefusal.NameMismatch)]
    [TestCase("example.com", PeerRefusal.NameMismatch)]
    [TestCase("not a name", PeerRefusal.NameMismatch)]
    [TestCase("", PeerRefusal.NameMismatch)]
    public void A_server_must_be_for_the_host(string host, PeerRefusal expected)
    {
        using Keystore server = _authority.Issue(TestAuthority.Server);
        Assert.That(VerifyServer(server, host).Refusal, Is.EqualTo(expected));
    }

    [Test]
    public void An_IPv6_address_matches_with_and_without_brackets()
    {
        using Keystore server = _authority.Issue(IssueOptions.ForServer("::1"));
        Assert.That(VerifyServer(server, "[::1]").IsAccepted, Is.True);
        Assert.That(VerifyServer(server, "::1").IsAccepted, Is.True);
    }

    [Test]
    public void A_common_name_is_no_host_name()
    {
        using Keystore server = _authority.Issue(new IssueOptions { Name = "localhost" });
        PeerVerification result = VerifyServer(server, "localhost");
        Assert.That(result.Refusal, Is.EqualTo(PeerRefusal.NameMismatch));
        Assert.That(result.Detail, Does.Contain("no subject alternative name"));
    }

    [Test]
    public void A_pinned_certificate_is_trusted_for_itself_and_no_other()
    {
        using CertificateAuthority unknown = TestAuthority.Create("Unknown CA");
        using Keystore pinned = unknown.Issue(TestAuthority.Client);
        using Keystore sibling = unknown.Issue(TestAuthority.Client);
        using Keystore own = CertificateAuthority.IssueSelfSigned(TestAuthority.Client);
        using Truststore truststore = Truststore.Of(pinned.Certificate, own.Certificate);
        var verifier = new PeerCertificateVerifier(truststore, CertificatePurposes.Client);
        Assert.Multiple(() =>
        {
            Assert.That(verifier.Verify(pinned.Certificate).Refusal, Is.EqualTo(PeerRefusal.None));
            Assert.That(verifier.Verify(own.Certificate).Refusal, Is.EqualTo(PeerRefusal.None));
            Assert.That(verifier.Verify(sibling.Certificate, sibling.Chain).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
        });
    }

    [Test]
    public void A_pinned_certificate_keeps_its_time_and_its_names()
    {
        using Keystore expired = CertificateAuthority.IssueSelfSigned(TestAuthority.Server.Expired());
        using Keystore early = CertificateAuthority.IssueSelfSigned(TestAuthority.Server.NotYetValid());
        using Keystore good = CertificateAuthority.IssueSelfSigned(TestAuthority.Server);
        using Truststore truststore = Truststore.Of(expired.Certificate, early.Certificate, good.Certificate);
        var verifier = new PeerCertificateVerifier(truststore, CertificatePurposes.Server);
        Assert.Multiple(() =>
        {
            Assert.That(verifier.Verify(expired.Certificate, host: "localhost").Refusal, Is.EqualTo(PeerRefusal.Expired));
            Assert.That(verifier.Verify(early.Certificate, host: "localhost").Refusal, Is.EqualTo(PeerRefusal.NotYetValid));
            Assert.That(verifier.Verify(good.Certificate, host: "example.com").Refusal, Is.EqualTo(PeerRefusal.NameMismatch));
            Assert.That(verifier.Verify(good.Certificate, host: "localhost").Refusal, Is.EqualTo(PeerRefusal.None));
        });
    }

    [Test]
    public void A_subordinate_authority_needs_its_certificate_in_the_handshake()
    {
        using CertificateAuthority subordinate = _authority.IssueAuthority(new AuthorityOptions { Name = "Subordinate", Validity = TimeSpan.FromDays(30) });
        using Keystore client = subordinate.Issue(TestAuthority.Client);
        Assert.That(VerifyClient(client, client.Chain).Refusal, Is.EqualTo(PeerRefusal.None));
        Assert.That(VerifyClient(client).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
        Assert.That(client.Chain, Has.Count.EqualTo(2));
    }

    [Test]
    public void An_expired_subordinate_authority_is_the_one_that_is_named()
    {
        using CertificateAuthority subordinate = _authority.IssueAuthority(
            new AuthorityOptions { Name = "Subordinate", NotBefore = TestAuthority.Now.AddDays(-60), Validity = TimeSpan.FromDays(30) });
        using Keystore client = subordinate.Issue(TestAuthority.Client with { NotBefore = TestAuthority.Now.AddDays(-59) });
        var verifier = new PeerCertificateVerifier(_truststore, CertificatePurposes.Client);
        Assert.That(verifier.Verify(client.Certificate, client.Chain).Refusal, Is.EqualTo(PeerRefusal.Expired));
    }

    [Test]
    public void Trust_in_a_subordinate_authority_alone_does_not_reach_its_root()
    {
        using CertificateAuthority subordinate = _authority.IssueAuthority(new AuthorityOptions { Name = "Subordinate" });
        using Keystore client = subordinate.Issue(TestAuthority.Client);
        using Truststore truststore = subordinate.ToTruststore();
        PeerVerification result = new PeerCertificateVerifier(truststore, CertificatePurposes.Client).Verify(client.Certificate, client.Chain);
        Assert.That(result.Refusal, Is.EqualTo(PeerRefusal.Untrusted), "a trust anchor is one that signs itself");
    }

    [Test]
    public void A_revocation_that_cannot_be_found_out_is_a_refusal()
    {
        using Keystore client = _authority.Issue(TestAuthority.Client);
        var revocation = new RevocationOptions { Mode = X509RevocationMode.Offline };
        PeerVerification result = new PeerCertificateVerifier(_truststore, CertificatePurposes.Client, revocation).Verify(client.Certificate);
        Assert.That(result.Refusal, Is.EqualTo(PeerRefusal.RevocationUnknown));
    }

    [Test]
    public void Control_characters_of_a_peer_do_not_reach_a_log()
    {
        using Keystore client = CertificateAuthority.IssueSelfSigned(IssueOptions.ForClient("a\r\nb\u001b[0m"));
        PeerVerification result = VerifyClient(client);
        Assert.That(result.Subject + result.Detail, Has.None.Matches<char>(char.IsControl));
    }

    [Test]
    public void Each_refusal_has_a_number_that_stays() => Assert.That(
        Enum.GetValues<PeerRefusal>().Select(refusal => $"{(int)refusal} {refusal}"),
        Is.EqualTo(new[]
        {
            "0 None", "1 Missing", "2 Untrusted", "3 Expired", "4 NotYetValid", "5 WrongPurpose", "6 NameMismatch", "7 Revoked",
            "8 RevocationUnknown", "9 Invalid",
        }));

    private PeerVerification VerifyClient(Keystore keystore, IEnumerable<X509Certificate2>? chain = null) =>
        new PeerCertificateVerifier(_truststore, CertificatePurposes.Client).Verify(keystore.Certificate, chain);

    private PeerVerification VerifyServer(Keystore keystore, string host) =>
        new PeerCertificateVerifier(_truststore, CertificatePurposes.Server).Verify(keystore.Certificate, host: host);

    private PeerVerification At(Keystore keystore, DateTime time) =>
        new PeerCertificateVerifier(_truststore, CertificatePurposes.Client, time: new FixedTime(new DateTimeOffset(time))).Verify(keystore.Certificate);
}
