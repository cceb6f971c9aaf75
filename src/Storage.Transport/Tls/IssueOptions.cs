using System.Net;

namespace WsStorage.Transport.Tls;

/// <summary>What a certificate that an authority issues says.</summary>
public sealed record IssueOptions
{
    /// <summary>The longest life of an issued certificate: two years.</summary>
    public static readonly TimeSpan MaxValidity = TimeSpan.FromDays(730);

    /// <summary>The common name: of a client its name, as logs and access rules know it; of a server for people only.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public CertificatePurposes Purposes { get; init; }

    /// <summary>The DNS names of a server, <c>*.example.org</c> allowed.</summary>
    public IReadOnlyList<string> DnsNames { get; init; } = [];

    /// <summary>The IP addresses of a server.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>When it begins to be valid. Default: five minutes ago, for clocks that are slow.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How long it is valid, at most <see cref="MaxValidity"/> and the authority's own end. Default: one year.</summary>
    public TimeSpan Validity { get; init; } = TimeSpan.FromDays(365);

    /// <summary>A server's certificate for the names and addresses under which clients reach it.</summary>
    /// <param name="hosts">DNS names and IP addresses in text, at least one; the first is also the common name.</param>
    /// <returns>The options.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: there is none.</exception>
    public static IssueOptions ForServer(params IReadOnlyList<string> hosts)
    {
        if (hosts.Count == 0)
        {
            throw StorageException.InvalidArgument("A server's certificate needs at least one DNS name or IP address, such as localhost.");
        }

        return new IssueOptions
        {
            Name = hosts[0],
            Purposes = CertificatePurposes.Server,
            DnsNames = [.. hosts.Where(host => !IPAddress.TryParse(host, out _))],
            Addresses = [.. hosts.Select(host => IPAddress.TryParse(host, out IPAddress? address) ? address : null).OfType<IPAddress>()],
        };
    }

    /// <summary>A client's certificate.</summary>
    /// <param name="name">The client's name.</param>
    /// <returns>The options.</returns>
    public static IssueOptions ForClient(string name) => new() { Name = name, Purposes = CertificatePurposes.Client };

    /// <summary>Refuses what makes no sense, with a message that names the thing and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        CertificateNames.CheckCommonName(Name);
        if (Validity < TimeSpan.FromSeconds(1) || Validity > MaxValidity)
        {
            throw StorageException.InvalidArgument(
                $"A certificate's validity is {Validity.TotalDays:0.##} days; it must be from one second to {MaxValidity.TotalDays:0} days.");
        }

        foreach (string name in DnsNames)
        {
            string plain = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
            if (Uri.CheckHostName(plain) != UriHostNameType.Dns)
            {
                throw StorageException.InvalidArgument($"'{name}' is no DNS name; write names such as db.example.org or *.example.org, and international ones in punycode.");
            }
        }

        if (Purposes.HasFlag(CertificatePurposes.Server) && DnsNames.Count + Addresses.Count == 0)
        {
            throw StorageException.InvalidArgument(
                $"The server certificate '{Name}' names no host; give it DNS names or IP addresses, for clients look at nothing else.");
        }
    }
}
