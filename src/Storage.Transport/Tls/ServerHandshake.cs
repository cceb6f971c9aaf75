using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>What a server does with a client whose certificate it refuses.</summary>
public enum RefusalMode
{
    /// <summary>
    /// The handshake fails. Safe by itself, but a server on Linux then closes the connection without a TLS alert, as .NET
    /// has no way to send one there: the client learns nothing. On Windows an alert is sent.
    /// </summary>
    InHandshake = 0,

    /// <summary>
    /// The handshake succeeds and <see cref="ServerHandshake.Verification"/> says that the client was refused. Whoever uses
    /// this must look at it before a single byte of the client is read, and answer with <see cref="RefusalNotice.SendAsync"/>.
    /// </summary>
    AfterHandshake = 1,
}

/// <summary>The server's side of the TLS handshake of one connection. Not to be used for a second one.</summary>
public sealed class ServerHandshake
{
    private readonly PeerCertificateVerifier _verifier;
    private readonly RefusalMode _mode;

    // Null until the callback has run: a connection whose client was never checked is not an accepted one.
    private volatile PeerVerification? _verification;

    internal ServerHandshake(MutualTlsOptions options, RefusalMode mode)
    {
        options.Validate();
        if (options.Keystore is not { } keystore)
        {
            throw StorageException.InvalidArgument("A server needs a keystore with its certificate and private key; none is given.");
        }

        _mode = mode;
        _verifier = new PeerCertificateVerifier(
            options.Truststore, CertificatePurposes.Client, options.Revocation, options.TimeProvider, options.ClientCertificateRequired);
        Options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = keystore.Context,
            EnabledSslProtocols = options.Protocols,
            ClientCertificateRequired = true,
            CertificateChainPolicy = _verifier.CreateChainPolicy(),
            RemoteCertificateValidationCallback = OnClientCertificate,

            // On Linux a resumed TLS 1.3 session says that it is not mutually authenticated (dotnet/runtime 123238).
            AllowTlsResume = false,
            AllowRenegotiation = false,
        };
    }

    /// <summary>What <see cref="SslStream"/>, or Kestrel's TLS handshake callback, takes.</summary>
    public SslServerAuthenticationOptions Options { get; }

    /// <summary>
    /// What became of the client's certificate; <see langword="null"/> as long as it has not been checked, which is no
    /// permission. Published before the handshake ends.
    /// </summary>
    public PeerVerification? Verification => _verification;

    private bool OnClientCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        PeerVerification verification = _verifier.Verify(certificate as X509Certificate2, chain);
        _verification = verification;
        return verification.IsAccepted || _mode == RefusalMode.AfterHandshake;
    }
}
