using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>What a certificate is for: its extended key usage (RFC 5280, 4.2.1.12).</summary>
[Flags]
public enum CertificatePurposes
{
    /// <summary>No extended key usage: the certificate serves every purpose.</summary>
    Any = 0,

    /// <summary>To authenticate a TLS server.</summary>
    Server = 1,

    /// <summary>To authenticate a TLS client.</summary>
    Client = 2,
}

internal static class PurposeIdentifiers
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string AnyExtendedKeyUsage = "2.5.29.37.0";

    public static Oid IdentifierOf(CertificatePurposes purpose) =>
        new(purpose == CertificatePurposes.Server ? ServerAuthentication : ClientAuthentication);

    public static OidCollection IdentifiersOf(CertificatePurposes purposes)
    {
        var identifiers = new OidCollection();
        foreach (CertificatePurposes one in (ReadOnlySpan<CertificatePurposes>)[CertificatePurposes.Server, CertificatePurposes.Client])
        {
            if (purposes.HasFlag(one))
            {
                identifiers.Add(IdentifierOf(one));
            }
        }

        return identifiers;
    }

    public static bool Serves(X509Certificate2 certificate, CertificatePurposes purpose)
    {
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } usage)
        {
            return true;
        }

        string wanted = IdentifierOf(purpose).Value!;
        return usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value is { } value
            && (value.Equals(wanted, StringComparison.Ordinal) || value.Equals(AnyExtendedKeyUsage, StringComparison.Ordinal)));
    }

    /// <summary>The purposes of a certificate by the names of RFC 5280, or by number; none when it serves all.</summary>
    public static IReadOnlyList<string> Describe(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage
            ? [.. usage.EnhancedKeyUsages.Cast<Oid>().Select(oid => oid.Value switch
            {
                ServerAuthentication => "serverAuth",
                ClientAuthentication => "clientAuth",
                AnyExtendedKeyUsage => "any",
                var other => other ?? "unknown",
            })]
            : [];

    /// <summary>Whether a certificate may sign others: only such a one can be a trust anchor.</summary>
    public static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };
}
