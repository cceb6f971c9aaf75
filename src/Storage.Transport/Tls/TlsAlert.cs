using System.ComponentModel;
using System.Security.Cryptography;

namespace WsStorage.Transport.Tls;

/// <summary>The TLS alert that ended a handshake (RFC 8446, 6.2), found by number in what the platform throws.</summary>
internal static class TlsAlert
{
    public const int HandshakeFailure = 40;
    public const int BadCertificate = 42;
    public const int UnsupportedCertificate = 43;
    public const int CertificateRevoked = 44;
    public const int CertificateExpired = 45;
    public const int CertificateUnknown = 46;
    public const int UnknownAuthority = 48;
    public const int AccessDenied = 49;
    public const int ProtocolVersion = 70;
    public const int CertificateRequired = 116;

    // openssl/err.h: ERR_LIB_SSL, and its place in an error code of version 3 and of version 1.1.
    private const uint SslLibrary = 20;
    private const int LibraryShift = 23;
    private const uint ReasonMask = 0x7FFFFF;
    private const int OldLibraryShift = 24;
    private const uint OldReasonMask = 0xFFF;

    // openssl/sslerr.h: SSL_AD_REASON_OFFSET, the reason of an alert that was received is this and its number.
    private const uint AlertOffset = 1000;

    /// <summary>The received alert, or <see langword="null"/> when there is none to be found.</summary>
    public static int? Find(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            int? alert = cause switch
            {
                CryptographicException => FromOpenSsl(unchecked((uint)cause.HResult)),
                Win32Exception native => FromSchannel(unchecked((uint)native.NativeErrorCode)),
                _ => null,
            };
            if (alert is not null)
            {
                return alert;
            }
        }

        return null;
    }

    private static int? FromOpenSsl(uint code)
    {
        uint reason = (code >> LibraryShift) == SslLibrary ? code & ReasonMask
            : (code >> OldLibraryShift) == SslLibrary ? code & OldReasonMask
            : 0;
        return reason is >= AlertOffset and <= AlertOffset + byte.MaxValue ? (int)(reason - AlertOffset) : null;
    }

    // winerror.h: what Schannel makes of an alert that it receives.
    private static int? FromSchannel(uint code) => code switch
    {
        0x80090325 => UnknownAuthority,       // SEC_E_UNTRUSTED_ROOT
        0x80090326 => HandshakeFailure,       // SEC_E_ILLEGAL_MESSAGE
        0x80090327 => CertificateUnknown,     // SEC_E_CERT_UNKNOWN
        0x80090328 => CertificateExpired,     // SEC_E_CERT_EXPIRED
        0x80090331 => ProtocolVersion,        // SEC_E_ALGORITHM_MISMATCH
        0x80092010 => CertificateRevoked,     // CRYPT_E_REVOKED
        _ => null,
    };
}
