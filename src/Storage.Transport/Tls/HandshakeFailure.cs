using System.Net.Sockets;
using System.Security.Authentication;

namespace WsStorage.Transport.Tls;

/// <summary>Tells, when a client could not connect, whose certificate was refused and why, or what else went wrong.</summary>
public static class HandshakeFailure
{
    /// <summary>
    /// Classifies a failure by what the verifier recorded, what the server answered and the native error numbers; never by
    /// the text of a message.
    /// </summary>
    /// <param name="failure">
    /// What connecting, the handshake or the first read threw. The caller's own cancellation and timeout are for the caller
    /// to tell apart beforehand.
    /// </param>
    /// <param name="handshake">The client's side of the handshake.</param>
    /// <param name="refusalHeader">The value of <see cref="RefusalNotice.HeaderName"/> in the server's answer, if it gave one.</param>
    /// <returns>
    /// The exception to be thrown: <see cref="StorageErrorCode.AuthenticationFailed"/> when either side refused the other's
    /// certificate, else <see cref="StorageErrorCode.ConnectFailed"/>; with <paramref name="failure"/> inside. Nothing was
    /// applied.
    /// </returns>
    public static StorageException Classify(Exception failure, ClientHandshake handshake, string? refusalHeader = null)
    {
        if (failure is StorageException known)
        {
            return known;
        }

        if (handshake.Verification is { IsAccepted: false } server)
        {
            string subject = server.Subject is null ? string.Empty : $" {server.Subject}";
            return Refused($"We refused the certificate{subject} of the server {handshake.Host}: {server.Detail}.", failure);
        }

        if (RefusalNotice.Parse(refusalHeader) is var told and not PeerRefusal.None)
        {
            return RefusedByServer(told, handshake, failure);
        }

        if (TlsAlert.Find(failure) is { } alert)
        {
            return FromAlert(alert, handshake, failure);
        }

        if (Find<SocketException>(failure) is { } socket && !IsEnd(socket.SocketErrorCode))
        {
            return NotReached($"The server {handshake.Host} could not be reached: {socket.Message} ({socket.SocketErrorCode}).", failure);
        }

        return Find<IOException>(failure) is null && Find<AuthenticationException>(failure) is null
            ? NotReached($"Connecting to the server {handshake.Host} failed: {failure.Message}", failure)
            : WithoutReason(handshake, failure);
    }

    private static StorageException FromAlert(int alert, ClientHandshake handshake, Exception failure)
    {
        PeerRefusal own = handshake.OwnCertificate.Refusal;
        PeerRefusal refusal = alert switch
        {
            TlsAlert.CertificateRequired => PeerRefusal.Missing,
            TlsAlert.UnknownAuthority => PeerRefusal.Untrusted,
            TlsAlert.CertificateRevoked => PeerRefusal.Revoked,
            TlsAlert.UnsupportedCertificate => PeerRefusal.WrongPurpose,

            // There is one alert for both ends of the validity time.
            TlsAlert.CertificateExpired => own == PeerRefusal.NotYetValid ? own : PeerRefusal.Expired,

            // Many servers say no more than this, whatever the matter is; what we know ourselves is then the best guess.
            TlsAlert.BadCertificate or TlsAlert.CertificateUnknown or TlsAlert.AccessDenied =>
                own == PeerRefusal.None ? PeerRefusal.Invalid : own,
            TlsAlert.HandshakeFailure => own,
            _ => PeerRefusal.None,
        };
        if (refusal != PeerRefusal.None)
        {
            return RefusedByServer(refusal, handshake, failure);
        }

        return NotReached(
            alert == TlsAlert.ProtocolVersion
                ? $"The server {handshake.Host} speaks none of the TLS versions {handshake.Options.EnabledSslProtocols}."
                : $"The server {handshake.Host} ended the TLS handshake with alert {alert} (RFC 8446, 6.2).",
            failure);
    }

    private static StorageException RefusedByServer(PeerRefusal refusal, ClientHandshake handshake, Exception failure)
    {
        if (refusal == PeerRefusal.Missing)
        {
            return Refused(
                $"The server {handshake.Host} refused us because we sent no client certificate; give the client a keystore.", failure);
        }

        PeerVerification own = handshake.OwnCertificate;
        string why = own.Refusal == refusal ? own.Detail : refusal switch
        {
            PeerRefusal.Untrusted => "its truststore holds neither the authority behind it nor the certificate itself",
            PeerRefusal.Expired => "it, or an authority behind it, has expired by the server's clock",
            PeerRefusal.NotYetValid => "it, or an authority behind it, is not valid yet by the server's clock",
            PeerRefusal.WrongPurpose => "its extended key usage does not allow its use by clients (clientAuth)",
            PeerRefusal.Revoked => "it has been revoked",
            PeerRefusal.RevocationUnknown => "the server could not find out whether it was revoked",
            _ => "the server did not say more; check that its truststore holds the authority behind it",
        };
        string subject = own.Subject is null ? string.Empty : $" {own.Subject}";
        return Refused($"The server {handshake.Host} refused our client certificate{subject}: {why}.", failure);
    }

    private static StorageException WithoutReason(ClientHandshake handshake, Exception failure)
    {
        if (handshake.Verification is null)
        {
            return NotReached(
                $"The TLS handshake with {handshake.Host} failed before the server showed its certificate; is it a TLS server, and the port the right one?",
                failure);
        }

        PeerVerification own = handshake.OwnCertificate;
        if (own.Refusal == PeerRefusal.Missing)
        {
            return Refused(
                $"The server {handshake.Host} ended the connection without a reason, most likely because we sent no client certificate; give the client a keystore.",
                failure);
        }

        return own.IsAccepted
            ? NotReached(
                $"The server {handshake.Host} ended the connection without a reason. A server that refuses a client certificate may do so: check that its truststore holds the authority of ours, {own.Subject}.",
                failure)
            : Refused(
                $"The server {handshake.Host} ended the connection without a reason, most likely because of our client certificate {own.Subject}: {own.Detail}.",
                failure);
    }

    private static bool IsEnd(SocketError error) =>
        error is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown;

    private static T? Find<T>(Exception failure)
        where T : Exception
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is T found)
            {
                return found;
            }
        }

        return null;
    }

    private static StorageException Refused(string message, Exception failure) =>
        new(StorageErrorCode.AuthenticationFailed, message, WriteOutcome.NotApplied, failure);

    private static StorageException NotReached(string message, Exception failure) =>
        new(StorageErrorCode.ConnectFailed, message, WriteOutcome.NotApplied, failure);
}
