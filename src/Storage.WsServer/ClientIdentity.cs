using System.Security.Cryptography.X509Certificates;

namespace WsStorage.WsServer;

/// <summary>Who a client has proved to be.</summary>
/// <param name="Id">What tells one client from another: the SHA-256 thumbprint of its certificate.</param>
/// <param name="Name">Its name, for people and logs.</param>
public sealed record ClientIdentity(string Id, string Name)
{
    /// <summary>The identity that a certificate proves.</summary>
    /// <param name="certificate">The certificate, already verified.</param>
    /// <returns>The identity.</returns>
    public static ClientIdentity FromCertificate(X509Certificate2 certificate) => new(
        certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256),
        certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
}
