using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

public sealed class RevocationTests
{
    [Test]
    public void A_silent_revocation_server_refuses_within_bounded_time()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using CertificateAuthority authority = TestAuthority.Create($"CA {Guid.NewGuid():N}");
        using X509Certificate2 client = Issue(authority, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/ca.crl");
        using Truststore truststore = authority.ToTruststore();
        var revocation = new RevocationOptions { Mode = X509RevocationMode.Online, Timeout = TimeSpan.FromMilliseconds(200) };
        long start = Stopwatch.GetTimestamp();
        PeerVerification result = new PeerCertificateVerifier(truststore, CertificatePurposes.Client, revocation).Verify(client);
        Assert.That(result.Refusal, Is.EqualTo(PeerRefusal.RevocationUnknown));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(10)));
        Assert.That(listener.Pending(), Is.True, "the server must have been asked");
    }

    [Test]
    public void Without_a_revocation_check_nobody_is_asked()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using CertificateAuthority authority = TestAuthority.Create();
        using X509Certificate2 client = Issue(authority, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/ca.crl");
        using Truststore truststore = authority.ToTruststore();
        Assert.That(new PeerCertificateVerifier(truststore, CertificatePurposes.Client).Verify(client).IsAccepted, Is.True);
        Assert.That(listener.Pending(), Is.False);
    }

    [Test]
    public void An_issuer_that_the_peer_names_is_not_fetched()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/ca.crt";
        using CertificateAuthority authority = TestAuthority.Create();
        using CertificateAuthority other = TestAuthority.Create("Other CA");
        using X509Certificate2 client = Issue(other, "http://127.0.0.1:1/", new X509AuthorityInformationAccessExtension([], [url]));
        using Truststore truststore = authority.ToTruststore();
        Assert.That(
            new PeerCertificateVerifier(truststore, CertificatePurposes.Client).Verify(client).Refusal, Is.EqualTo(PeerRefusal.Untrusted));
        Assert.That(listener.Pending(), Is.False, "an address that a stranger chose was fetched");
    }

    private static X509Certificate2 Issue(CertificateAuthority authority, string revocationList, params IEnumerable<X509Extension> more)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=alice", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([revocationList]));
        foreach (X509Extension extension in more)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request.Create(
            authority.Certificate, TestAuthority.Now.AddDays(-1), TestAuthority.Now.AddDays(1), RandomNumberGenerator.GetBytes(8));
    }
}
