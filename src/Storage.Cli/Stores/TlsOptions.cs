using System.CommandLine;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Stores;

/// <summary>The options that name keystore, truststore and their passwords, and the way from them to loaded stores.</summary>
internal sealed class TlsOptions(CertificatePurposes role)
{
    private const string DefaultDirectory = "certs";

    private readonly Option<string?> _certs = new("--certs")
    {
        Description = "The directory of keystores and truststores, as `wsstorage certs new` lays it out [default: certs].",
        HelpName = "DIR",
    };

    private readonly Option<string?> _keystore = new("--keystore")
    {
        Description = "The PKCS#12 file with our own certificate and key.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _truststore = new("--truststore")
    {
        Description = "The PKCS#12 file with the certificates that we trust.",
        HelpName = "FILE",
    };

    private readonly PasswordOptions _password = new();

    public void AddTo(Command command)
    {
        command.Add(_certs);
        command.Add(_keystore);
        command.Add(_truststore);
        _password.AddTo(command);
    }

    /// <summary>Loads both stores.</summary>
    /// <returns>The options; the stores live as long as the process.</returns>
    public MutualTlsOptions Load(ParseResult parsed)
    {
        CertificateSet set = GetDirectory(parsed);
        bool server = role == CertificatePurposes.Server;
        string keystore = parsed.GetValue(_keystore) ?? EnvironmentVariables.Get(EnvironmentVariables.Keystore)
            ?? (server ? set.ServerKeystore : set.ClientKeystore);
        string truststore = parsed.GetValue(_truststore) ?? EnvironmentVariables.Get(EnvironmentVariables.Truststore)
            ?? (server ? set.ServerTruststore : set.ClientTruststore);
        return LoadFiles(parsed, keystore, truststore);
    }

    /// <summary>The directory that both are in, unless options say otherwise.</summary>
    public CertificateSet GetDirectory(ParseResult parsed) =>
        new(parsed.GetValue(_certs) ?? EnvironmentVariables.Get(EnvironmentVariables.Certs) ?? DefaultDirectory);

    /// <summary>Loads other stores with the passwords of these options.</summary>
    public MutualTlsOptions LoadFiles(ParseResult parsed, string keystore, string truststore) => new()
    {
        Keystore = Keystore.Load(keystore, _password.ForKeystore(parsed, keystore)),
        Truststore = Truststore.Load(truststore, _password.ForTruststore(parsed, truststore)),
    };
}
