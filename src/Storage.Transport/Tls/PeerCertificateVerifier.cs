using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>
/// Decides whether a peer's certificate is good: sent, trusted by exactly one truststore, within its time, for the peer's
/// role, not revoked if that is asked for, and for a server in the host's name. Holds no connection. Thread-safe.
/// </summary>
/// <param name="truststore">What is trusted. Not owned.</param>
/// <param name="peerRole">What the peer is: <see cref="CertificatePurposes.Server"/> or <see cref="CertificatePurposes.Client"/>.</param>
/// <param name="revocation">The revocation check. Default: none.</param>
/// <param name="time">The clock for validity. Default: the system's.</param>
/// <param name="certificateRequired">Whether a peer that sends no certificate is refused.</param>
public sealed class PeerCertificateVerifier(
    Truststore truststore,
    CertificatePurposes peerRole,
    RevocationOptions? revocation = null,
    TimeProvider? time = null,
    bool certificateRequired = true)
{
    private const X509ChainStatusFlags RevocationUnknown =
        X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;

    private const X509ChainStatusFlags NoTrustedRoot =
        X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid;

    private static readonly (PeerRefusal Refusal, string Detail) Good = (PeerRefusal.None, string.Empty);

    private readonly RevocationOptions _revocation = revocation ?? RevocationOptions.None;
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>The rules by which a chain is built: the truststore's authorities as the only roots, nothing downloaded.</summary>
    /// <returns>A policy for one handshake, as it holds the time of now; owned by the caller.</returns>
    public X509ChainPolicy CreateChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            DisableCertificateDownloads = true,
            RevocationMode = _revocation.Mode,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
            UrlRetrievalTimeout = _revocation.Timeout,
            VerificationTime = _time.GetUtcNow().UtcDateTime,
        };
        foreach (X509Certificate2 authority in truststore.Authorities)
        {
            policy.CustomTrustStore.Add(authority);
        }

        policy.ApplicationPolicy.Add(PurposeIdentifiers.IdentifierOf(peerRole));
        return policy;
    }

    /// <summary>Builds the chain of a certificate and checks both.</summary>
    /// <param name="certificate">The peer's certificate, or <see langword="null"/> when it sent none.</param>
    /// <param name="intermediates">The other certificates that it sent.</param>
    /// <param name="host">The DNS name or IP address that a client asked for; <see langword="null"/> for a client's certificate.</param>
    /// <returns>The result.</returns>
    public PeerVerification Verify(
        X509Certificate2? certificate, IEnumerable<X509Certificate2>? intermediates = null, string? host = null)
    {
        if (certificate is null)
        {
            return VerifyMissing();
        }

        using var chain = new X509Chain { ChainPolicy = CreateChainPolicy() };
        foreach (X509Certificate2 intermediate in intermediates ?? [])
        {
            chain.ChainPolicy.ExtraStore.Add(intermediate);
        }

        _ = chain.Build(certificate);
        PeerVerification result = Verify(certificate, chain, host);
        foreach (X509ChainElement element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return result;
    }

    /// <summary>Checks a certificate whose chain has been built, as TLS does before it asks.</summary>
    /// <param name="certificate">The peer's certificate, or <see langword="null"/> when it sent none.</param>
    /// <param name="chain">Its chain, built by <see cref="CreateChainPolicy"/>.</param>
    /// <param name="host">The DNS name or IP address that a client asked for; <see langword="null"/> for a client's certificate.</param>
    /// <returns>The result.</returns>
    public PeerVerification Verify(X509Certificate2? certificate, X509Chain? chain, string? host = null)
    {
        if (certificate is null || chain is null)
        {
            return VerifyMissing();
        }

        (PeerRefusal refusal, string detail) = CheckAll(certificate, chain, host);
        return new PeerVerification(refusal, CertificateNames.Printable(certificate.Subject), detail);
    }

    private static X509ChainStatusFlags StatusOf(X509Chain chain) =>
        chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);

    private (PeerRefusal Refusal, string Detail) CheckAll(X509Certificate2 certificate, X509Chain chain, string? host)
    {
        // A pinned certificate is trusted for itself: what its chain lacks doesn't matter, what it says itself does.
        bool pinned = truststore.IsPinned(certificate);
        try
        {
            (PeerRefusal Refusal, string Detail) found = pinned ? Good : CheckTrust(chain);
            if (found.Refusal == PeerRefusal.None)
            {
                found = CheckTime(pinned ? [certificate] : chain.ChainElements.Select(element => element.Certificate));
            }

            if (found.Refusal == PeerRefusal.None)
            {
                found = CheckRole(certificate, host);
            }

            return found.Refusal == PeerRefusal.None && !pinned ? CheckRest(chain) : found;
        }
        catch (Exception e) when (e is CryptographicException or InvalidOperationException)
        {
            return (PeerRefusal.Invalid, "one of its extensions is malformed or there twice");
        }
    }

    private (PeerRefusal Refusal, string Detail) CheckTrust(X509Chain chain)
    {
        X509ChainElementCollection elements = chain.ChainElements;
        X509ChainStatusFlags status = StatusOf(chain);
        if ((status & NoTrustedRoot) != X509ChainStatusFlags.NoError || elements.Count == 0 || !truststore.IsTrustedAuthority(elements[^1].Certificate))
        {
            string issuer = elements.Count == 0 ? "nobody known" : CertificateNames.Printable(elements[^1].Certificate.Issuer);
            return (PeerRefusal.Untrusted, $"no trusted authority stands behind it (it ends at {issuer}), and it is not pinned");
        }

        if (status.HasFlag(X509ChainStatusFlags.Revoked))
        {
            return (PeerRefusal.Revoked, "its authority has revoked it");
        }

        return Good;
    }

    private (PeerRefusal Refusal, string Detail) CheckTime(IEnumerable<X509Certificate2> certificates)
    {
        DateTimeOffset now = _time.GetUtcNow();
        string whose = "it";
        foreach (X509Certificate2 certificate in certificates)
        {
            // OpenSSL takes the last second as over already, whatever RFC 5280 says; this must not know better than the chain.
            if (now >= new DateTimeOffset(certificate.NotAfter))
            {
                return (PeerRefusal.Expired, $"{whose} expired at {certificate.NotAfter.ToUniversalTime():u}");
            }

            if (now < new DateTimeOffset(certificate.NotBefore))
            {
                return (PeerRefusal.NotYetValid, $"{whose} is not valid before {certificate.NotBefore.ToUniversalTime():u} (is a clock wrong?)");
            }

            whose = "an authority behind it";
        }

        return Good;
    }

    private (PeerRefusal Refusal, string Detail) CheckRole(X509Certificate2 certificate, string? host)
    {
        if (!PurposeIdentifiers.Serves(certificate, peerRole))
        {
            string usage = peerRole == CertificatePurposes.Server ? "servers (serverAuth)" : "clients (clientAuth)";
            return (PeerRefusal.WrongPurpose, $"its extended key usage does not allow its use by {usage}");
        }

        // RFC 9525: the names are those in the subject alternative name; a common name is for people.
        if (host is not null && !IsFor(certificate, host))
        {
            return (PeerRefusal.NameMismatch, $"it is for {CertificateNames.Describe(certificate)}, not for {host}");
        }

        return Good;
    }

    private static bool IsFor(X509Certificate2 certificate, string host)
    {
        string name = host.Trim('[', ']');
        return Uri.CheckHostName(name) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
            && certificate.MatchesHostname(name, allowWildcards: true, allowCommonName: false);
    }

    private static (PeerRefusal Refusal, string Detail) CheckRest(X509Chain chain)
    {
        X509ChainStatusFlags status = StatusOf(chain);
        return status switch
        {
            X509ChainStatusFlags.NoError => Good,
            _ when (status & ~RevocationUnknown) == X509ChainStatusFlags.NoError =>
                (PeerRefusal.RevocationUnknown, "whether it was revoked could not be found out"),
            _ => (PeerRefusal.Invalid, $"its chain breaks the rules ({status})"),
        };
    }

    private PeerVerification VerifyMissing() => certificateRequired
        ? new PeerVerification(PeerRefusal.Missing, Subject: null, "none was sent")
        : PeerVerification.Accept(subject: null);
}
