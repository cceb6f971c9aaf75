using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>
/// What one side shows of itself: its certificate with the private key, and the certificates between it and its
/// authority. Thread-safe; dispose it after the last connection that uses it has been made.
/// </summary>
public sealed class Keystore : IDisposable
{
    private const string Kind = "keystore";

    private readonly X509Certificate2Collection _chain;
    private readonly Lazy<SslStreamCertificateContext> _context;

    internal Keystore(X509Certificate2 certificate, X509Certificate2Collection chain)
    {
        Certificate = certificate;
        _chain = chain;
        _context = new(() => SslStreamCertificateContext.Create(Certificate, _chain, offline: true));
    }

    /// <summary>The certificate with its private key. Owned by the keystore.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The other certificates of the store, its issuers. Owned by the keystore.</summary>
    public IReadOnlyCollection<X509Certificate2> Chain => [.. _chain];

    /// <summary>The certificate and its chain as TLS sends them; never fetched from the network.</summary>
    internal SslStreamCertificateContext Context => _context.Value;

    /// <summary>Loads a keystore from a PKCS#12 file, as openssl, keytool or <see cref="Save"/> writes it.</summary>
    /// <param name="path">The file, at most 1 MiB.</param>
    /// <param name="password">Its password.</param>
    /// <returns>The keystore, owned by the caller.</returns>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.NotFound"/>: no such file. <see cref="StorageErrorCode.AuthenticationFailed"/>: wrong
    /// password. <see cref="StorageErrorCode.Corrupt"/>: not PKCS#12, or damaged. <see cref="StorageErrorCode.IOError"/>:
    /// unreadable. <see cref="StorageErrorCode.InvalidArgument"/>: no private key or several, or another format.
    /// </exception>
    public static Keystore Load(string path, PasswordSource password)
    {
        X509Certificate2Collection all = StoreFile.Read(Kind, path, password);
        X509Certificate2[] own = [.. all.Where(certificate => certificate.HasPrivateKey)];
        if (own.Length != 1)
        {
            Dispose(all);
            throw StorageException.InvalidArgument(own.Length == 0
                ? $"The keystore {path} holds no private key; a keystore needs exactly one. Was the truststore named by mistake?"
                : $"The keystore {path} holds {own.Length} private keys; a keystore needs exactly one. Export the entry to use into a store of its own.");
        }

        all.Remove(own[0]);
        return new Keystore(own[0], all);
    }

    /// <summary>
    /// Writes the keystore as PKCS#12, encrypted with AES-256 and SHA-256, in a file that only its owner can read.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="password">The password that it gets.</param>
    /// <param name="overwrite">Replace an existing file.</param>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.InvalidArgument"/>: it exists already. <see cref="StorageErrorCode.IOError"/>: it cannot
    /// be written.
    /// </exception>
    public void Save(string path, PasswordSource password, bool overwrite = false) =>
        StoreFile.Write(Kind, path, [Certificate, .. _chain], password, overwrite);

    /// <summary>Frees the certificates and the key.</summary>
    public void Dispose()
    {
        Certificate.Dispose();
        Dispose(_chain);
    }

    private static void Dispose(X509Certificate2Collection certificates)
    {
        foreach (X509Certificate2 certificate in certificates)
        {
            certificate.Dispose();
        }
    }
}
