using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>One certificate in a keystore or truststore, as a person wants to see it.</summary>
/// <param name="Subject">Whose it is.</param>
/// <param name="Issuer">Who signed it.</param>
/// <param name="SerialNumber">Its serial number in hexadecimal digits.</param>
/// <param name="NotBefore">When it begins to be valid.</param>
/// <param name="NotAfter">When it ends.</param>
/// <param name="HasPrivateKey">Whether the store holds its private key.</param>
/// <param name="IsAuthority">Whether it may sign others.</param>
/// <param name="Purposes">Its extended key usage, as far as it concerns TLS: names such as <c>serverAuth</c>; empty for all.</param>
/// <param name="Names">The DNS names and IP addresses that it is for.</param>
/// <param name="Fingerprint">The SHA-256 of the certificate in hexadecimal digits.</param>
public sealed record StoreEntry(
    string Subject,
    string Issuer,
    string SerialNumber,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    bool HasPrivateKey,
    bool IsAuthority,
    IReadOnlyList<string> Purposes,
    IReadOnlyList<string> Names,
    string Fingerprint)
{
    /// <summary>Reads what a store holds, be it keystore or truststore.</summary>
    /// <param name="path">The PKCS#12 file, at most 1 MiB.</param>
    /// <param name="password">Its password.</param>
    /// <returns>The entries, those with a private key first.</returns>
    /// <exception cref="StorageException">
    /// As <see cref="Keystore.Load"/>, save that an empty store and any number of keys are no error.
    /// </exception>
    public static IReadOnlyList<StoreEntry> ReadAll(string path, PasswordSource password)
    {
        X509Certificate2Collection certificates = StoreFile.Read("store", path, password);
        try
        {
            return [.. certificates.Select(Of).OrderByDescending(entry => entry.HasPrivateKey)];
        }
        finally
        {
            foreach (X509Certificate2 certificate in certificates)
            {
                certificate.Dispose();
            }
        }
    }

    private static StoreEntry Of(X509Certificate2 certificate) => new(
        CertificateNames.Printable(certificate.Subject),
        CertificateNames.Printable(certificate.Issuer),
        certificate.SerialNumber,
        new DateTimeOffset(certificate.NotBefore),
        new DateTimeOffset(certificate.NotAfter),
        certificate.HasPrivateKey,
        PurposeIdentifiers.IsAuthority(certificate),
        PurposeIdentifiers.Describe(certificate),
        [.. CertificateNames.Of(certificate).Select(CertificateNames.Printable)],
        certificate.GetCertHashString(HashAlgorithmName.SHA256));
}
