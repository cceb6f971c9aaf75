using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;
using WsStorage.Cli.Text;
using WsStorage.Replica;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Cli.Replicas;

/// <summary>The options of a server that say of which store it serves a replica.</summary>
/// <param name="tls">The server's own certificates, whose directory and passwords are those for the source too unless these
/// options say otherwise.</param>
internal sealed class RelayOptions(TlsOptions tls)
{
    private readonly Option<Uri?> _source = UrlOption.Create(
        "--replica-of", "Serve a replica of this served store, kept in step in --data or --memory: reads are answered here, writes are passed on.");

    private readonly Option<string?> _certs = new("--source-certs")
    {
        Description = "With --replica-of, the directory of the client's keystore and truststore [default: that of --certs].",
        HelpName = "DIR",
    };

    private readonly Option<string?> _keystore = new("--source-keystore")
    {
        Description = "With --replica-of, the PKCS#12 file with the client's certificate and key.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _truststore = new("--source-truststore")
    {
        Description = "With --replica-of, the PKCS#12 file with the certificates that the client trusts.",
        HelpName = "FILE",
    };

    private readonly ReplicaSettings _settings = new();

    public void AddTo(Command command)
    {
        command.Add(_source);
        command.Add(_certs);
        command.Add(_keystore);
        command.Add(_truststore);
        _settings.AddTo(command);
    }

    /// <summary>Whether the server is to serve a replica.</summary>
    public bool IsGiven(ParseResult parsed)
    {
        bool isGiven = parsed.GetValue(_source) is not null;
        return isGiven || !_settings.AreGiven(parsed)
            ? isGiven
            : throw new UsageException("Options of a replica go with --replica-of wss://HOST[:PORT]/PATH.");
    }

    /// <summary>Opens the replica, which is told of on stderr.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="engine">Where it is kept.</param>
    public async Task<RunningReplica> StartAsync(ParseResult parsed, ServedEngine engine)
    {
        // A replica in memory begins anew each time, and needs no name that lasts.
        string place = engine.Directory is { } directory ? Path.GetFullPath(directory) : $"{Guid.NewGuid()}";
        ReplicaOptions options = _settings.Get(parsed, TextForm.Utf8, place) with { LoggerFactory = engine.Logging };
        TimeSpan? verifyInterval = _settings.GetVerifyInterval(parsed);
        WsStorageClient source = CreateSource(parsed);
        RunningReplica replica = await RunningReplica.StartAsync(source, engine.OpenCopies(), options);
        replica.Show(json: false);
        if (verifyInterval is { } interval)
        {
            replica.VerifyEvery(interval, _settings.GetVerifyOptions(parsed), TextForm.Utf8);
        }

        return replica;
    }

    // It connects by itself, again and again, and stderr tells of it.
    private WsStorageClient CreateSource(ParseResult parsed)
    {
        Uri url = parsed.GetValue(_source)!;
        UrlOption.CheckScheme(url);
        CertificateSet set = parsed.GetValue(_certs) is { } directory ? new CertificateSet(directory) : tls.GetDirectory(parsed);
        var client = new WsStorageClient(new WsStorageClientOptions
        {
            Url = url,
            Tls = tls.LoadFiles(parsed, parsed.GetValue(_keystore) ?? set.ClientKeystore, parsed.GetValue(_truststore) ?? set.ClientTruststore),
            Name = "wsstorage",
            LoggerFactory = Logging.Create(parsed),
        });
        ConnectionTeller.TellOf(client);
        return client;
    }
}
