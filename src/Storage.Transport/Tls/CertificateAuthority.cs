using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>
/// A small certificate authority with an ECDSA P-256 key: makes itself, and issues the certificates of servers and clients
/// as keystores (RFC 5280). Thread-safe.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private readonly Keystore _keystore;
    private readonly TimeProvider _time;

    private CertificateAuthority(Keystore keystore, TimeProvider? time)
    {
        _keystore = keystore;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The authority's certificate. Owned by the authority.</summary>
    public X509Certificate2 Certificate => _keystore.Certificate;

    /// <summary>Makes an authority with a new key, signed by itself.</summary>
    /// <param name="options">What its certificate says.</param>
    /// <param name="time">The clock. Default: the system's.</param>
    /// <returns>The authority, owned by the caller.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static CertificateAuthority Create(AuthorityOptions? options = null, TimeProvider? time = null)
    {
        options ??= new AuthorityOptions();
        options.Validate();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = CertificateRequests.ForAuthority(options.Name, key, pathLength: 1);
        DateTimeOffset start = options.NotBefore ?? (time ?? TimeProvider.System).GetUtcNow() - ClockTolerance;
        X509Certificate2 certificate = StoreFile.MakeUsable(request.CreateSelfSigned(start, start + options.Validity));
        return new CertificateAuthority(new Keystore(certificate, []), time);
    }

    /// <summary>Takes up an authority whose keystore was saved.</summary>
    /// <param name="keystore">The keystore, owned by the authority from now on.</param>
    /// <param name="time">The clock. Default: the system's.</param>
    /// <returns>The authority, owned by the caller.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: it is no authority's.</exception>
    public static CertificateAuthority FromKeystore(Keystore keystore, TimeProvider? time = null) =>
        PurposeIdentifiers.IsAuthority(keystore.Certificate)
            ? new CertificateAuthority(keystore, time)
            : throw StorageException.InvalidArgument(
                $"The certificate {keystore.Certificate.Subject} is not that of an authority and can issue no others.");

    /// <summary>Makes a certificate that signs itself, to be pinned in the peer's truststore.</summary>
    /// <param name="options">What it says.</param>
    /// <param name="time">The clock. Default: the system's.</param>
    /// <returns>Its keystore, owned by the caller.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static Keystore IssueSelfSigned(IssueOptions options, TimeProvider? time = null)
    {
        options.Validate();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset start = options.NotBefore ?? (time ?? TimeProvider.System).GetUtcNow() - ClockTolerance;
        X509Certificate2 certificate = CertificateRequests.ForLeaf(options, key).CreateSelfSigned(start, start + options.Validity);
        return new Keystore(StoreFile.MakeUsable(certificate), []);
    }

    /// <summary>
    /// Issues a certificate with a new key. It ends no later than the authority's own.
    /// </summary>
    /// <param name="options">What it says.</param>
    /// <returns>Its keystore, with the chain up to this authority; owned by the caller.</returns>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.InvalidArgument"/>: the options, or the authority is not valid at that time.
    /// </exception>
    public Keystore Issue(IssueOptions options)
    {
        options.Validate();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(CertificateRequests.ForLeaf(options, key), key, options.NotBefore, options.Validity);
    }

    /// <summary>Issues a subordinate authority, which can issue certificates but no further authorities.</summary>
    /// <param name="options">What its certificate says.</param>
    /// <returns>The authority, owned by the caller.</returns>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.InvalidArgument"/>: the options, or this authority is not valid at that time.
    /// </exception>
    public CertificateAuthority IssueAuthority(AuthorityOptions options)
    {
        options.Validate();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Keystore keystore = Sign(CertificateRequests.ForAuthority(options.Name, key, pathLength: 0), key, options.NotBefore, options.Validity);
        return new CertificateAuthority(keystore, _time);
    }

    /// <summary>A truststore that trusts this authority and nothing else.</summary>
    /// <returns>The truststore, owned by the caller.</returns>
    public Truststore ToTruststore() => Truststore.Of(Certificate);

    /// <summary>Writes the authority's own keystore: who has it can issue certificates.</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">The password that it gets.</param>
    /// <param name="overwrite">Replace an existing file.</param>
    /// <exception cref="StorageException">As <see cref="Keystore.Save"/>.</exception>
    public void Save(string path, PasswordSource password, bool overwrite = false) => _keystore.Save(path, password, overwrite);

    /// <summary>Frees the certificate and the key.</summary>
    public void Dispose() => _keystore.Dispose();

    private Keystore Sign(CertificateRequest request, ECDsa key, DateTimeOffset? notBefore, TimeSpan validity)
    {
        DateTimeOffset authorityStart = new(Certificate.NotBefore);
        DateTimeOffset authorityEnd = new(Certificate.NotAfter);
        DateTimeOffset start = notBefore ?? Later(_time.GetUtcNow() - ClockTolerance, authorityStart);
        if (start < authorityStart || start >= authorityEnd)
        {
            throw StorageException.InvalidArgument(
                $"A certificate can't begin on {start:u}: its authority {Certificate.Subject} is valid from {authorityStart:u} to {authorityEnd:u}.");
        }

        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        DateTimeOffset end = start + validity < authorityEnd ? start + validity : authorityEnd;
        using X509Certificate2 signed = request.Create(Certificate, start, end, RandomSerial());
        X509Certificate2Collection chain = [];
        foreach (X509Certificate2 issuer in (IEnumerable<X509Certificate2>)[Certificate, .. _keystore.Chain])
        {
            chain.Add(X509CertificateLoader.LoadCertificate(issuer.RawData));
        }

        return new Keystore(StoreFile.MakeUsable(signed.CopyWithPrivateKey(key)), chain);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static byte[] RandomSerial()
    {
        // RFC 5280, 4.1.2.2: positive, at most 20 bytes. 16 random bytes with the sign bit off and the next one on.
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
