using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Load;

/// <summary>Many connections to one host.</summary>
internal sealed class Clients : IAsyncDisposable
{
    // Handshakes are the processor's work: a few at a time keep it busy.
    private const int AtOnce = 16;

    private readonly WsStorageClient[] _clients;

    private Clients(WsStorageClient[] clients) => _clients = clients;

    public int Count => _clients.Length;

    public WsStorageClient this[int index] => _clients[index];

    public static async Task<Clients> ConnectAsync(Site site, HostProcess host, int count, CancellationToken cancellationToken)
    {
        var clients = new WsStorageClient?[count];
        var all = new Clients(clients!);
        try
        {
            await Parallel.ForAsync(
                0,
                count,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (i, token) => clients[i] = await site.ConnectAsync(host, token));
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    /// <summary>All from one on.</summary>
    public IReadOnlyList<IStorage> From(int first) => [.. _clients.Skip(first)];

    public async ValueTask DisposeAsync() =>
        await Parallel.ForEachAsync(
            _clients.Where(client => client is not null),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (client, _) => await client.DisposeAsync());
}
