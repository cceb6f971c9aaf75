using System.Security.Authentication;

namespace WsStorage.Transport.Tls;

/// <summary>
/// How one side of a connection authenticates itself and its peer. Immutable; the stores belong to whoever made them and
/// must outlive every handshake. To rotate certificates, make new options and use them for the handshakes to come.
/// </summary>
public sealed record MutualTlsOptions
{
    /// <summary>What this side shows: a server always needs one; a client that has none is anonymous.</summary>
    public Keystore? Keystore { get; init; }

    /// <summary>Exactly what this side trusts.</summary>
    public required Truststore Truststore { get; init; }

    /// <summary>The versions of TLS. Default, and all that is allowed: 1.2 and 1.3.</summary>
    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The revocation check of the peer's certificate. Default: none.</summary>
    public RevocationOptions Revocation { get; init; } = RevocationOptions.None;

    /// <summary>
    /// On a server, whether a client must send a certificate. Default: yes. One that is sent is checked in either case.
    /// </summary>
    public bool ClientCertificateRequired { get; init; } = true;

    /// <summary>The clock for validity. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Refuses what makes no sense on either side, with a message that names the thing and the remedy.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        if (Protocols == SslProtocols.None || (Protocols & ~(SslProtocols.Tls12 | SslProtocols.Tls13)) != SslProtocols.None)
        {
            throw StorageException.InvalidArgument($"The TLS versions are {Protocols}; allowed are Tls12, Tls13 or both.");
        }

        Revocation.Validate();
    }

    /// <summary>Refuses what makes no sense on a server.</summary>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.InvalidArgument"/>: as <see cref="Validate"/>, or no keystore.
    /// <see cref="StorageErrorCode.AuthenticationFailed"/>: every client would refuse the keystore's certificate.
    /// </exception>
    public void ValidateForServer()
    {
        Validate();
        if (Keystore is null)
        {
            throw StorageException.InvalidArgument("A server needs a keystore with its certificate and private key; none is given.");
        }

        if (CheckOwnCertificate(CertificatePurposes.Server) is { IsAccepted: false } own)
        {
            throw new StorageException(
                StorageErrorCode.AuthenticationFailed, $"The server's own certificate {own.Subject} is of no use: {own.Detail}.");
        }
    }

    /// <summary>Begins the server's side of one handshake.</summary>
    /// <param name="mode">What happens when the client's certificate is refused.</param>
    /// <returns>The handshake, for one connection.</returns>
    /// <exception cref="StorageException">As <see cref="Validate"/>, or there is no keystore.</exception>
    public ServerHandshake BeginServerHandshake(RefusalMode mode = RefusalMode.InHandshake) => new(this, mode);

    /// <summary>Begins the client's side of one handshake.</summary>
    /// <param name="host">The DNS name or IP address that the server's certificate must be for.</param>
    /// <returns>The handshake, for one connection.</returns>
    /// <exception cref="StorageException">As <see cref="Validate"/>.</exception>
    public ClientHandshake BeginClientHandshake(string host) => new(this, host);

    /// <summary>
    /// Checks what can be known beforehand about this side's own certificate: its time, and that it is for the role.
    /// </summary>
    /// <param name="role">The role of this side.</param>
    /// <returns>The result; <see cref="PeerRefusal.Missing"/> without a keystore.</returns>
    public PeerVerification CheckOwnCertificate(CertificatePurposes role)
    {
        if (Keystore is null)
        {
            return new PeerVerification(PeerRefusal.Missing, Subject: null, "none was sent");
        }

        using Truststore itself = Truststore.Pin(Keystore.Certificate);
        return new PeerCertificateVerifier(itself, role, time: TimeProvider).Verify(Keystore.Certificate);
    }
}
