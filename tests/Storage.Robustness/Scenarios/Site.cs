using WsStorage.Robustness.Load;
using WsStorage.Robustness.Planted;
using WsStorage.Robustness.Processes;
using WsStorage.RocksDb;
using WsStorage.Testing;
using WsStorage.Testing.Network;
using WsStorage.Transport.Tls;

namespace WsStorage.Robustness.Scenarios;

/// <summary>Where a scenario takes place: a directory with a store and certificates, and a server process on it.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ScenarioOptions _options;
    private readonly MutualTlsOptions _tls;
    private readonly ServeOptions _serve;

    private Site(ScenarioOptions options, bool previousValues, int maxConnections, long commitLogBytes)
    {
        _options = options;
        var certificates = CertificateSet.Create(_directory.Combine("certificates"));
        _tls = certificates.LoadClient();
        _serve = new ServeOptions
        {
            Directory = _directory.Combine("store"),
            Certificates = certificates.Directory,
            Port = FreePort.Find(),
            Durability = options.Durability,
            PreviousValues = previousValues,
            MaxConnections = maxConnections,
            CommitLogBytes = commitLogBytes,
            Plant = options.Plant,
        };
        Server = new ServerProcess(_serve);
    }

    /// <summary>The server.</summary>
    public ServerProcess Server { get; }

    /// <summary>The directory of the certificates.</summary>
    public string Certificates => _serve.Certificates;

    /// <summary>What is wrong on purpose.</summary>
    public PlantedBug Plant => _options.Plant;

    /// <summary>Whether something is wrong on purpose: then what is waited for may never come.</summary>
    public bool IsPlanted => Plant != PlantedBug.None;

    /// <summary>Makes the place and starts the server.</summary>
    /// <param name="options">How the scenario is run.</param>
    /// <param name="previousValues">Whether the commit log keeps previous values.</param>
    /// <param name="maxConnections">How many clients the server takes.</param>
    /// <param name="commitLogBytes">How much history the server keeps; all by default.</param>
    /// <param name="prepare">Fills the store before the server has it; not at all if null.</param>
    public static async Task<Site> CreateAsync(
        ScenarioOptions options,
        bool previousValues = false,
        int maxConnections = 1000,
        long commitLogBytes = long.MaxValue,
        Func<IStorage, Task>? prepare = null)
    {
        var site = new Site(options, previousValues, maxConnections, commitLogBytes);
        try
        {
            if (prepare is not null)
            {
                await using RocksDbStorage store = RocksDbStorage.Open(site._serve.Directory, site._serve.ToEngine() with { Durability = Durability.Buffered });
                await prepare(store);
            }

            await site.Server.StartAsync();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes clients that connect through a port of this machine, or directly.</summary>
    public ClientFactory Clients(int? port = null) => new(port is null ? Server.Url : ServerProcess.UrlOf(port.Value), _tls, _options.Plant);

    /// <summary>A place for files of a scenario, which are deleted with all others.</summary>
    public string Combine(string name) => _directory.Combine(name);

    /// <summary>Stops the server and opens its store in this process.</summary>
    public async Task<RocksDbStorage> TakeStoreAsync()
    {
        await Server.StopAsync();
        return RocksDbStorage.Open(_serve.Directory, _serve.ToEngine());
    }

    /// <summary>Ends the server and deletes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _tls.Keystore?.Dispose();
        _tls.Truststore.Dispose();
        _directory.Dispose();
    }
}
