using WsStorage.Cli.Processes;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Cli.Bench;

/// <summary>The connections that are measured, and the server behind them where it is one of our own.</summary>
internal sealed class BenchTarget(IReadOnlyList<IStorage> connections) : IAsyncDisposable
{
    private ServerProcess? _server;
    private TemporaryDirectory? _directory;

    public IReadOnlyList<IStorage> Connections { get; } = connections;

    /// <summary>Whether the store is thrown away afterwards.</summary>
    public bool IsThrowAway => _server is not null;

    /// <summary>Starts a server in a process of its own, with an empty store and certificates that nobody else has.</summary>
    public static async Task<BenchTarget> StartAsync(
        int connections, bool memory, Durability durability, CancellationToken cancellationToken)
    {
        var directory = new TemporaryDirectory();
        ServerProcess? server = null;
        try
        {
            CertificateSet certificates = CertificateSet.Create(directory.Of("certs"));
            string[] store = memory
                ? ["--memory"]
                : ["--data", directory.Of("data"), "--durability", durability.ToString().ToLowerInvariant()];
            server = await ServerProcess.StartAsync(["--certs", certificates.Directory, .. store], cancellationToken);
            var options = new WsStorageClientOptions { Url = server.Url, Tls = certificates.LoadClient(), Name = "wsstorage bench" };
            var clients = new List<IStorage>();
            for (int i = 0; i < connections; i++)
            {
                clients.Add(await WsStorageClient.ConnectAsync(options, cancellationToken));
            }

            return new BenchTarget(clients) { _server = server, _directory = directory };
        }
        catch
        {
            await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IStorage connection in Connections)
        {
            await connection.DisposeAsync();
        }

        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory?.Dispose();
    }
}
