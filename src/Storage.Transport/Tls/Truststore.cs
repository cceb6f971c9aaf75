using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>
/// Exactly what one side trusts: authorities, whose certificates it accepts, and pinned certificates, which it accepts
/// themselves. The machine's own list of authorities plays no part. Thread-safe; dispose it after the last connection.
/// </summary>
public sealed class Truststore : IDisposable
{
    private const string Kind = "truststore";

    private Truststore(X509Certificate2[] authorities, X509Certificate2[] pinned)
    {
        Authorities = authorities;
        Pinned = pinned;
    }

    /// <summary>
    /// The trusted authorities: certificates whose basic constraints let them sign others. Only one that signed itself ends
    /// a chain; a subordinate authority here helps to build one. Owned by the store.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; }

    /// <summary>The other certificates, each trusted for itself, whoever signed it. Owned by the store.</summary>
    public IReadOnlyList<X509Certificate2> Pinned { get; }

    /// <summary>Makes a truststore.</summary>
    /// <param name="certificates">What to trust, at least one; copied without private keys.</param>
    /// <returns>The truststore, owned by the caller.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: there is none.</exception>
    public static Truststore Of(params IReadOnlyCollection<X509Certificate2> certificates)
    {
        if (certificates.Count == 0)
        {
            throw StorageException.InvalidArgument(
                "A truststore of no certificates trusts nobody; give it the authority's certificate, or the peer's to pin it.");
        }

        ILookup<bool, X509Certificate2> copies = certificates
            .Select(certificate => X509CertificateLoader.LoadCertificate(certificate.RawData))
            .ToLookup(PurposeIdentifiers.IsAuthority);
        return new Truststore([.. copies[true]], [.. copies[false]]);
    }

    /// <summary>Loads a truststore from a PKCS#12 file, as openssl, keytool or <see cref="Save"/> writes it.</summary>
    /// <param name="path">The file, at most 1 MiB.</param>
    /// <param name="password">Its password.</param>
    /// <returns>The truststore, owned by the caller.</returns>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.NotFound"/>: no such file. <see cref="StorageErrorCode.AuthenticationFailed"/>: wrong
    /// password. <see cref="StorageErrorCode.Corrupt"/>: not PKCS#12, or damaged. <see cref="StorageErrorCode.IOError"/>:
    /// unreadable. <see cref="StorageErrorCode.InvalidArgument"/>: empty, a private key in it, or another format.
    /// </exception>
    public static Truststore Load(string path, PasswordSource password)
    {
        X509Certificate2Collection all = StoreFile.Read(Kind, path, password);
        try
        {
            if (all.Count == 0)
            {
                throw StorageException.InvalidArgument(
                    $"The truststore {path} is empty and so trusts nobody; import the authority's certificate into it.");
            }

            if (all.Any(certificate => certificate.HasPrivateKey))
            {
                throw StorageException.InvalidArgument(
                    $"The truststore {path} holds a private key; a truststore holds only the certificates to trust. Was the keystore named by mistake?");
            }

            return Of([.. all]);
        }
        finally
        {
            foreach (X509Certificate2 certificate in all)
            {
                certificate.Dispose();
            }
        }
    }

    /// <summary>
    /// Writes the truststore as PKCS#12, encrypted with AES-256 and SHA-256, in a file that only its owner can read: who
    /// can change it decides who is trusted.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="password">The password that it gets.</param>
    /// <param name="overwrite">Replace an existing file.</param>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.InvalidArgument"/>: it exists already. <see cref="StorageErrorCode.IOError"/>: it cannot
    /// be written.
    /// </exception>
    public void Save(string path, PasswordSource password, bool overwrite = false) =>
        StoreFile.Write(Kind, path, [.. Authorities, .. Pinned], password, overwrite);

    /// <summary>Frees the certificates.</summary>
    public void Dispose()
    {
        foreach (X509Certificate2 certificate in (IEnumerable<X509Certificate2>)[.. Authorities, .. Pinned])
        {
            certificate.Dispose();
        }
    }

    /// <summary>Trusts one certificate for itself, be it an authority's or not.</summary>
    internal static Truststore Pin(X509Certificate2 certificate) =>
        new([], [X509CertificateLoader.LoadCertificate(certificate.RawData)]);

    internal bool IsPinned(X509Certificate2 certificate) =>
        Pinned.Any(pinned => pinned.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));

    internal bool IsTrustedAuthority(X509Certificate2 certificate) =>
        Authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));
}
