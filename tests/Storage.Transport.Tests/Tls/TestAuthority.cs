using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>An authority that began long enough ago to have issued what has expired since, and what it issues.</summary>
internal static class TestAuthority
{
    public static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    public static CertificateAuthority Create(string name = "Test CA") => CertificateAuthority.Create(
        new AuthorityOptions { Name = name, NotBefore = Now.AddDays(-100), Validity = TimeSpan.FromDays(3650) });

    public static IssueOptions Server { get; } = IssueOptions.ForServer("localhost", "127.0.0.1", "*.example.org");

    public static IssueOptions Client { get; } = IssueOptions.ForClient("alice");

    public static IssueOptions Expired(this IssueOptions options) =>
        options with { NotBefore = Now.AddDays(-50), Validity = TimeSpan.FromDays(10) };

    public static IssueOptions NotYetValid(this IssueOptions options) =>
        options with { NotBefore = Now.AddDays(10), Validity = TimeSpan.FromDays(10) };

    public static IssueOptions With(this IssueOptions options, CertificatePurposes purposes) => options with { Purposes = purposes };
}
