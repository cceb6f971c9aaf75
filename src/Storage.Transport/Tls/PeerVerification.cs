namespace WsStorage.Transport.Tls;

/// <summary>Why a peer's certificate was refused. The names, in lower case, travel in a <see cref="RefusalNotice"/>.</summary>
public enum PeerRefusal
{
    /// <summary>It was not refused.</summary>
    None = 0,

    /// <summary>The peer sent no certificate.</summary>
    Missing = 1,

    /// <summary>No trusted authority stands behind it, and it is not pinned.</summary>
    Untrusted = 2,

    /// <summary>Its time, or that of an authority behind it, is over.</summary>
    Expired = 3,

    /// <summary>Its time, or that of an authority behind it, has not begun.</summary>
    NotYetValid = 4,

    /// <summary>Its extended key usage does not allow this role.</summary>
    WrongPurpose = 5,

    /// <summary>It is not for the host that was asked for.</summary>
    NameMismatch = 6,

    /// <summary>Its authority has taken it back.</summary>
    Revoked = 7,

    /// <summary>Whether it was taken back could not be found out, and the options ask for that.</summary>
    RevocationUnknown = 8,

    /// <summary>It breaks the rules for certificates in another way.</summary>
    Invalid = 9,
}

/// <summary>What became of the check of a peer's certificate.</summary>
/// <param name="Refusal">Why it was refused, or <see cref="PeerRefusal.None"/>.</param>
/// <param name="Subject">The certificate's subject, or <see langword="null"/> when there was none.</param>
/// <param name="Detail">
/// For a refused one the rest of a sentence that begins with "The certificate was refused: "; else empty.
/// </param>
public sealed record PeerVerification(PeerRefusal Refusal, string? Subject, string Detail)
{
    /// <summary>Whether the peer may go on.</summary>
    public bool IsAccepted => Refusal == PeerRefusal.None;

    /// <summary>Whether the peer may go on although it sent no certificate, because none is demanded.</summary>
    public bool IsAnonymous => IsAccepted && Subject is null;

    /// <summary>An accepted peer.</summary>
    /// <param name="subject">The certificate's subject, or <see langword="null"/> when there was none.</param>
    /// <returns>The result.</returns>
    public static PeerVerification Accept(string? subject) => new(PeerRefusal.None, subject, string.Empty);
}
