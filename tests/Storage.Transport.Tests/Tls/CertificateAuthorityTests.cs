using System.Net;
using System.Security.Cryptography.X509Certificates;
using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

public sealed class CertificateAuthorityTests
{
    private CertificateAuthority _authority = null!;

    [OneTimeSetUp]
    public void SetUp() => _authority = CertificateAuthority.Create();

    [OneTimeTearDown]
    public void TearDown() => _authority.Dispose();

    [Test]
    public void An_authority_may_sign_and_says_so()
    {
        X509Certificate2 certificate = _authority.Certificate;
        X509BasicConstraintsExtension basic = Extension<X509BasicConstraintsExtension>(certificate);
        X509KeyUsageExtension usage = Extension<X509KeyUsageExtension>(certificate);
        Assert.Multiple(() =>
        {
            Assert.That(basic is { Critical: true, CertificateAuthority: true, PathLengthConstraint: 1 }, Is.True);
            Assert.That(usage.Critical, Is.True);
            Assert.That(usage.KeyUsages, Is.EqualTo(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign));
            Assert.That(certificate.GetECDsaPublicKey()!.ExportParameters(includePrivateParameters: false).Curve.Oid.Value, Is.EqualTo("1.2.840.10045.3.1.7"));
            Assert.That(certificate.SubjectName.RawData, Is.EqualTo(certificate.IssuerName.RawData));
        });
    }

    [Test]
    public void A_server_certificate_names_its_hosts_and_its_issuer()
    {
        using Keystore keystore = _authority.Issue(IssueOptions.ForServer("db.example.org", "10.0.0.1", "::1"));
        X509Certificate2 certificate = keystore.Certificate;
        X509SubjectAlternativeNameExtension names = Extension<X509SubjectAlternativeNameExtension>(certificate);
        Assert.Multiple(() =>
        {
            Assert.That(names.EnumerateDnsNames(), Is.EqualTo(new[] { "db.example.org" }));
            Assert.That(names.EnumerateIPAddresses(), Is.EqualTo(new[] { IPAddress.Parse("10.0.0.1"), IPAddress.IPv6Loopback }));
            Assert.That(Extension<X509EnhancedKeyUsageExtension>(certificate).EnhancedKeyUsages[0].Value, Is.EqualTo("1.3.6.1.5.5.7.3.1"));
            Assert.That(Extension<X509BasicConstraintsExtension>(certificate).CertificateAuthority, Is.False);
            Assert.That(Extension<X509KeyUsageExtension>(certificate).KeyUsages, Is.EqualTo(X509KeyUsageFlags.DigitalSignature));
            Assert.That(
                Extension<X509AuthorityKeyIdentifierExtension>(certificate).KeyIdentifier!.Value.ToArray(),
                Is.EqualTo(Extension<X509SubjectKeyIdentifierExtension>(_authority.Certificate).SubjectKeyIdentifierBytes.ToArray()));
            Assert.That(Extension<X509SubjectKeyIdentifierExtension>(certificate), Is.Not.Null);
            Assert.That(certificate.HasPrivateKey, Is.True);
        });
    }

    [Test]
    public void A_client_certificate_carries_the_name_as_it_is()
    {
        const string Name = "O'Neil, \"x\"=y; CN=admin";
        using Keystore keystore = _authority.Issue(IssueOptions.ForClient(Name));
        Assert.That(keystore.Certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), Is.EqualTo(Name));
        Assert.That(keystore.Certificate.SubjectName.EnumerateRelativeDistinguishedNames().Count(), Is.EqualTo(1));
        Assert.That(Extension<X509EnhancedKeyUsageExtension>(keystore.Certificate).EnhancedKeyUsages[0].Value, Is.EqualTo("1.3.6.1.5.5.7.3.2"));
    }

    [Test]
    public void Serial_numbers_are_positive_long_and_differ()
    {
        string[] serials = [.. Enumerable.Range(0, 50).Select(_ =>
        {
            using Keystore keystore = _authority.Issue(IssueOptions.ForClient("x"));
            return keystore.Certificate.SerialNumber;
        })];
        Assert.That(serials, Is.Unique);
        Assert.That(serials, Has.All.Match("^[4-7][0-9A-F]{31}$"));
    }

    [Test]
    public void It_begins_a_little_earlier_and_ends_with_its_authority_at_the_latest()
    {
        var now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var authority = CertificateAuthority.Create(new AuthorityOptions { Validity = TimeSpan.FromDays(100) }, new FixedTime(now));
        using Keystore keystore = authority.Issue(IssueOptions.ForClient("x"));
        Assert.That(keystore.Certificate.NotBefore.ToUniversalTime(), Is.EqualTo(now.UtcDateTime.AddMinutes(-5)));
        Assert.That(keystore.Certificate.NotAfter, Is.EqualTo(authority.Certificate.NotAfter));
    }

    [Test]
    public void It_refuses_to_issue_before_itself()
    {
        IssueOptions early = IssueOptions.ForClient("x") with { NotBefore = TestAuthority.Now.AddDays(-1) };
        Assert.That(() => _authority.Issue(early), Throws.TypeOf<StorageException>().With.Message.Contains("its authority"));
    }

    [Test]
    public void An_authority_goes_on_from_its_keystore()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("ca.pfx");
        PasswordSource password = PasswordSource.FromText("secret");
        _authority.Save(path, password);
        using var again = CertificateAuthority.FromKeystore(Keystore.Load(path, password));
        using Keystore client = again.Issue(IssueOptions.ForClient("later"));
        using Truststore truststore = _authority.ToTruststore();
        Assert.That(new PeerCertificateVerifier(truststore, CertificatePurposes.Client).Verify(client.Certificate).IsAccepted, Is.True);
    }

    [Test]
    public void A_leaf_is_no_authority()
    {
        using Keystore client = _authority.Issue(IssueOptions.ForClient("x"));
        Assert.That(() => CertificateAuthority.FromKeystore(client), Throws.TypeOf<StorageException>().With.Message.Contains("authority"));
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_name_has_its_limits(string name)
    {
        AssertInvalid(IssueOptions.ForClient(name), "1 to 64");
        Assert.That(
            () => CertificateAuthority.Create(new AuthorityOptions { Name = name }),
            Throws.TypeOf<StorageException>().With.Message.Contains("1 to 64"));
    }

    [Test]
    public void Options_that_make_no_sense_are_refused()
    {
        AssertInvalid(IssueOptions.ForClient("x") with { Validity = TimeSpan.Zero }, "validity");
        AssertInvalid(IssueOptions.ForClient("x") with { Validity = TimeSpan.FromDays(731) }, "730");
        AssertInvalid(IssueOptions.ForServer("not a host"), "no DNS name");
        AssertInvalid(IssueOptions.ForServer("a.*.example.org"), "no DNS name");
        AssertInvalid(new IssueOptions { Name = "x", Purposes = CertificatePurposes.Server }, "names no host");
        Assert.That(() => IssueOptions.ForServer(), Throws.TypeOf<StorageException>());
        Assert.That(
            () => CertificateAuthority.Create(new AuthorityOptions { Validity = TimeSpan.FromDays(-1) }),
            Throws.TypeOf<StorageException>().With.Message.Contains("validity"));
    }

    private void AssertInvalid(IssueOptions options, string text)
    {
        StorageException e = Assert.Throws<StorageException>(() => _authority.Issue(options).Dispose())!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(e.Message, Does.Contain(text));
    }

    private static T Extension<T>(X509Certificate2 certificate)
        where T : X509Extension => certificate.Extensions.OfType<T>().Single();
}
