using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>The two forms of certificate that an authority signs, with the extensions that RFC 5280 asks of each.</summary>
internal static class CertificateRequests
{
    public static CertificateRequest ForAuthority(string name, ECDsa key, int pathLength)
    {
        CertificateRequest request = Request(name, key);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLength));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return request;
    }

    public static CertificateRequest ForLeaf(IssueOptions options, ECDsa key)
    {
        CertificateRequest request = Request(options.Name, key);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        if (options.Purposes != CertificatePurposes.Any)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension(PurposeIdentifiers.IdentifiersOf(options.Purposes), critical: false));
        }

        if (options.DnsNames.Count + options.Addresses.Count > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (string name in options.DnsNames)
            {
                names.AddDnsName(name);
            }

            foreach (IPAddress address in options.Addresses)
            {
                names.AddIpAddress(address);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        return request;
    }

    private static CertificateRequest Request(string name, ECDsa key)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }
}
