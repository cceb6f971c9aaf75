using System.Net;
using System.Security.Cryptography;

namespace WsStorage.Transport.Tls;

/// <summary>What a new set of stores is made from.</summary>
public sealed record CertificateSetOptions
{
    /// <summary>The DNS names and IP addresses under which clients reach the server. Default: this machine by itself.</summary>
    public IReadOnlyList<string> Hosts { get; init; } =
        ["localhost", IPAddress.Loopback.ToString(), IPAddress.IPv6Loopback.ToString()];

    /// <summary>The client's name.</summary>
    public string ClientName { get; init; } = "client";

    /// <summary>How long the two certificates are valid. Default: one year.</summary>
    public TimeSpan Validity { get; init; } = TimeSpan.FromDays(365);

    /// <summary>What the authority's certificate says.</summary>
    public AuthorityOptions Authority { get; init; } = new();

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>
/// The files of a deployment of one server and one client: an authority, a keystore and a truststore for each side, and the
/// password of all of them.
/// </summary>
/// <param name="Directory">Where they are.</param>
public sealed record CertificateSet(string Directory)
{
    private const int PasswordBytes = 24;

    /// <summary>The authority's keystore: keep it away from servers.</summary>
    public string Authority => Path.Combine(Directory, "ca.pfx");

    /// <summary>The server's certificate and key.</summary>
    public string ServerKeystore => Path.Combine(Directory, "server.keystore.pfx");

    /// <summary>What the server trusts.</summary>
    public string ServerTruststore => Path.Combine(Directory, "server.truststore.pfx");

    /// <summary>The client's certificate and key.</summary>
    public string ClientKeystore => Path.Combine(Directory, "client.keystore.pfx");

    /// <summary>What the client trusts.</summary>
    public string ClientTruststore => Path.Combine(Directory, "client.truststore.pfx");

    /// <summary>The password of all five, random, as a line of text.</summary>
    public string PasswordFile => Path.Combine(Directory, "stores.password");

    /// <summary>The password of all five.</summary>
    public PasswordSource Password => PasswordSource.FromFile(PasswordFile);

    /// <summary>All six files.</summary>
    public IReadOnlyList<string> Files =>
        [PasswordFile, Authority, ServerKeystore, ServerTruststore, ClientKeystore, ClientTruststore];

    /// <summary>Makes an authority and all six files, each readable by its owner only.</summary>
    /// <param name="directory">Where; made when it is missing.</param>
    /// <param name="options">What they say.</param>
    /// <param name="overwrite">Replace existing files; else one existing file stops it before anything is written.</param>
    /// <returns>The set.</returns>
    /// <exception cref="StorageException">
    /// <see cref="StorageErrorCode.InvalidArgument"/>: the options, or a file exists. <see cref="StorageErrorCode.IOError"/>:
    /// the files cannot be written.
    /// </exception>
    public static CertificateSet Create(string directory, CertificateSetOptions? options = null, bool overwrite = false)
    {
        options ??= new CertificateSetOptions();
        IssueOptions server = IssueOptions.ForServer(options.Hosts) with { Validity = options.Validity };
        IssueOptions client = IssueOptions.ForClient(options.ClientName) with { Validity = options.Validity };
        var set = new CertificateSet(directory);
        if (!overwrite && set.Files.FirstOrDefault(File.Exists) is { } existing)
        {
            throw StorageException.InvalidArgument(
                $"{existing} exists already; nothing was written. Name another directory, or ask for the files to be overwritten.");
        }

        using var authority = CertificateAuthority.Create(options.Authority, options.TimeProvider);
        using Keystore serverKeystore = authority.Issue(server);
        using Keystore clientKeystore = authority.Issue(client);
        using Truststore truststore = authority.ToTruststore();
        StoreFile.MakeDirectory(directory);
        string text = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes));
        PasswordSource password = PasswordSource.FromText(text);
        var written = new Stack<string>();
        try
        {
            StoreFile.WriteBytes("password file", set.PasswordFile, System.Text.Encoding.ASCII.GetBytes(text + "\n"), overwrite);
            written.Push(set.PasswordFile);
            authority.Save(set.Authority, password, overwrite);
            written.Push(set.Authority);
            serverKeystore.Save(set.ServerKeystore, password, overwrite);
            written.Push(set.ServerKeystore);
            truststore.Save(set.ServerTruststore, password, overwrite);
            written.Push(set.ServerTruststore);
            clientKeystore.Save(set.ClientKeystore, password, overwrite);
            written.Push(set.ClientKeystore);
            truststore.Save(set.ClientTruststore, password, overwrite);
        }
        catch when (!overwrite)
        {
            // A part of a set is of no use, and would be in the way of the next attempt.
            while (written.TryPop(out string? file))
            {
                File.Delete(file);
            }

            throw;
        }

        return set;
    }

    /// <summary>Loads the server's side.</summary>
    /// <returns>The options, whose stores belong to the caller.</returns>
    /// <exception cref="StorageException">As <see cref="Keystore.Load"/> and <see cref="Truststore.Load"/>.</exception>
    public MutualTlsOptions LoadServer() => Load(ServerKeystore, ServerTruststore);

    /// <summary>Loads the client's side.</summary>
    /// <returns>The options, whose stores belong to the caller.</returns>
    /// <exception cref="StorageException">As <see cref="Keystore.Load"/> and <see cref="Truststore.Load"/>.</exception>
    public MutualTlsOptions LoadClient() => Load(ClientKeystore, ClientTruststore);

    private MutualTlsOptions Load(string keystore, string truststore) => new()
    {
        Keystore = Keystore.Load(keystore, Password),
        Truststore = Truststore.Load(truststore, Password),
    };
}
