using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>The names that a certificate is for: its subject alternative name (RFC 5280, 4.2.1.6).</summary>
internal static class CertificateNames
{
    private const int MaxPrintedLength = 300;

    // RFC 5280, appendix A: ub-common-name.
    private const int MaxCommonNameLength = 64;

    public static IReadOnlyList<string> Of(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
            ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())]
            : [];

    public static string Describe(X509Certificate2 certificate)
    {
        IReadOnlyList<string> names = Of(certificate);
        return names.Count == 0 ? "no host at all (it has no subject alternative name)" : Printable(string.Join(", ", names));
    }

    /// <summary>A name that a peer chose, made fit for one line of a log.</summary>
    public static string Printable(string name)
    {
        string cut = name.Length <= MaxPrintedLength ? name : string.Concat(name.AsSpan(0, MaxPrintedLength), "...");
        return string.Concat(cut.Select(character => char.IsControl(character) ? '?' : character));
    }

    public static void CheckCommonName(string name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > MaxCommonNameLength)
        {
            throw StorageException.InvalidArgument(
                $"A certificate's name is '{name}'; it must have from 1 to {MaxCommonNameLength} characters.");
        }
    }
}
