using WsStorage.WsClient;

namespace WsStorage.Robustness.Load;

/// <summary>
/// Writers that change rows all over a store, each write acknowledged before its writer's next. They write as much as they are
/// allowed, so that there is a moment when all of it is acknowledged and nothing more comes.
/// </summary>
internal sealed class SpreadLoad : IAsyncDisposable
{
    private readonly TrackedClient[] _clients;
    private readonly SemaphoreSlim _pace = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;
    private long _allowed;

    /// <summary>Begins the writers; they wait to be allowed to write.</summary>
    /// <param name="clients">Makes their clients.</param>
    /// <param name="clientCount">How many clients.</param>
    /// <param name="writersPerClient">How many writers each has.</param>
    /// <param name="keys">How many keys the store has.</param>
    /// <param name="random">Decides what is written.</param>
    public SpreadLoad(ClientFactory clients, int clientCount, int writersPerClient, int keys, Random random)
    {
        _clients = [.. Enumerable.Range(0, clientCount).Select(_ => clients.Create())];
        _writing = Task.WhenAll(_clients.SelectMany(client => Enumerable.Range(0, writersPerClient).Select(_ =>
        {
            var batches = new SpreadBatches(keys, new Random(random.Next()));
            return Task.Run(() => WriteAsync(client.Storage, batches));
        })).ToArray());
    }

    /// <summary>How many writes were acknowledged.</summary>
    public Milestone Acknowledged { get; } = new();

    /// <summary>Lets the writers write some more.</summary>
    public void Allow(int writes)
    {
        _allowed += writes;
        _pace.Release(writes);
    }

    /// <summary>Completes when all that was allowed is acknowledged.</summary>
    public async Task UntilQuietAsync()
    {
        Task quiet = Acknowledged.ReachedAsync(_allowed);
        if (await Task.WhenAny(quiet, _writing) != quiet)
        {
            await _writing;
        }
    }

    /// <summary>Stops the writers; what is under way is still waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _writing;
        }
        finally
        {
            foreach (TrackedClient client in _clients)
            {
                await client.DisposeAsync();
            }

            _stop.Dispose();
            _pace.Dispose();
        }
    }

    private async Task WriteAsync(WsStorageClient storage, SpreadBatches batches)
    {
        try
        {
            while (true)
            {
                await _pace.WaitAsync(_stop.Token);
                (await storage.WriteAsync(batches.Next(), CancellationToken.None)).EnsureApplied();
                Acknowledged.Add(1);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }
}
