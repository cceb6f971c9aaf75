using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>
/// The client's side of the TLS handshake of one connection. It keeps what it found, so that
/// <see cref="HandshakeFailure.Classify"/> can tell exactly what went wrong. Not to be used for a second connection.
/// </summary>
public sealed class ClientHandshake
{
    private readonly PeerCertificateVerifier _verifier;
    private volatile PeerVerification? _verification;

    internal ClientHandshake(MutualTlsOptions options, string host)
    {
        options.Validate();
        Host = host.Trim('[', ']');
        OwnCertificate = options.CheckOwnCertificate(CertificatePurposes.Client);
        _verifier = new PeerCertificateVerifier(
            options.Truststore, CertificatePurposes.Server, options.Revocation, options.TimeProvider);
        Options = new SslClientAuthenticationOptions
        {
            TargetHost = Host,
            ClientCertificateContext = options.Keystore?.Context,
            EnabledSslProtocols = options.Protocols,
            CertificateChainPolicy = _verifier.CreateChainPolicy(),
            RemoteCertificateValidationCallback = OnServerCertificate,
            AllowTlsResume = false,
            AllowRenegotiation = false,
        };
    }

    /// <summary>The host that the server's certificate must be for; an IPv6 address without the brackets of a URI.</summary>
    public string Host { get; }

    /// <summary>What <see cref="SslStream"/>, or <c>SocketsHttpHandler.SslOptions</c>, takes.</summary>
    public SslClientAuthenticationOptions Options { get; }

    /// <summary>
    /// What became of the server's certificate; <see langword="null"/> when the handshake did not come that far.
    /// </summary>
    public PeerVerification? Verification => _verification;

    /// <summary>What this side can know about its own certificate: present, within its time, for clients.</summary>
    public PeerVerification OwnCertificate { get; }

    private bool OnServerCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        PeerVerification verification = _verifier.Verify(certificate as X509Certificate2, chain, Host);
        _verification = verification;
        return verification.IsAccepted;
    }
}
