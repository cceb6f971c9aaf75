using WsStorage.Core;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.History;
using WsStorage.Robustness.Load;
using WsStorage.RocksDb;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Writers and sixteen watchers at work on one server, while a scenario does its worst; then everything that they were told is
/// compared with what really happened.
/// </summary>
internal sealed class Storm : IAsyncDisposable
{
    private const int WriterClients = 4;
    private const int WritersPerClient = 4;
    private const int WritesBeforeLateWatches = 300;
    private const int FirstWrites = 600;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PatienceWithBug = TimeSpan.FromSeconds(10);

    private readonly Site _site;
    private readonly ClientFactory _clients;
    private readonly CancellationTokenSource _stopWriting = new();
    private readonly CancellationTokenSource _stopWatching = new();
    private readonly SemaphoreSlim _pace = new(FirstWrites);
    private readonly List<TrackedClient> _open = [];
    private readonly List<WatchRecorder> _recorders = [];
    private readonly List<Task> _watching = [];
    private Task _writing = Task.CompletedTask;

    private Storm(Site site, ClientFactory clients)
    {
        _site = site;
        _clients = clients;
    }

    /// <summary>What the writers were told.</summary>
    public WriteLog Log { get; } = new();

    /// <summary>How many events and marks the watchers were told.</summary>
    public long Told => _recorders.Sum(recorder => (long)recorder.Count);

    /// <summary>Begins the watches, then the writers, then the late watches.</summary>
    /// <param name="site">The server.</param>
    /// <param name="clients">Makes clients; nothing disturbs their connections yet.</param>
    /// <param name="seed">Decides what is written.</param>
    public static async Task<Storm> BeginAsync(Site site, ClientFactory clients, int seed)
    {
        var storm = new Storm(site, clients);
        try
        {
            await storm.BeginAsync(new Random(seed));
            return storm;
        }
        catch
        {
            await storm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the writers write some more.</summary>
    public void Allow(int writes) => _pace.Release(writes);

    /// <summary>Ends the storm, once nothing disturbs the connections any more, and compares.</summary>
    public async Task<IReadOnlyList<Verdict>> EndAsync()
    {
        await _stopWriting.CancelAsync();
        await _writing.WaitAsync(Patience);
        await UntilAllIsToldAsync();
        await _stopWatching.CancelAsync();
        await Task.WhenAll(_watching).WaitAsync(Patience);
        await CloseClientsAsync();
        await using RocksDbStorage store = await _site.TakeStoreAsync();
        Truth truth = await Truth.ReadAsync(store, StormKeys.Watches);
        return
        [
            .. AllGuarantees.CheckWatches(truth, [.. _recorders.Select(recorder => recorder.Record)]),
            .. AllGuarantees.CheckWrites(truth, Log),
        ];
    }

    /// <summary>Stops everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopWriting.CancelAsync();
        await _stopWatching.CancelAsync();
        await CloseClientsAsync();
        await Task.WhenAll([_writing, .. _watching]);
        _pace.Dispose();
        _stopWriting.Dispose();
        _stopWatching.Dispose();
    }

    private async Task BeginAsync(Random random)
    {
        TrackedClient first = Open();
        StorageInfo info = await first.Storage.GetInfoAsync();
        var origin = new Position(info.Epoch, Revision.None, ChainHash.Seed);
        await WatchAsync(origin, random, spec => spec.Start is WatchStart.Now or WatchStart.Origin);

        TrackedClient[] clients = [.. Enumerable.Range(0, WriterClients).Select(_ => Open())];
        StormWriter[] writers =
        [
            .. Enumerable.Range(1, WriterClients * WritersPerClient).Select(number => new StormWriter(
                clients[number % WriterClients].Storage, new StormBatches(number, new Random(random.Next())), Log, _pace)),
        ];
        _writing = Task.WhenAll(writers.Select(writer => Task.Run(() => writer.RunAsync(_stopWriting.Token))));
        await Log.AcknowledgedCount.ReachedAsync(WritesBeforeLateWatches).WaitAsync(Patience);
        await WatchAsync(origin, random, spec => spec.Start is WatchStart.Later or WatchStart.LaterFromOrigin);
    }

    /// <summary>Begins some watches: those that restart with clients of their own, the others three to a client.</summary>
    private async Task WatchAsync(Position origin, Random random, Func<WatchSpec, bool> which)
    {
        var begun = new List<Task>();
        TrackedClient? shared = null;
        int sharing = 0;
        foreach (WatchSpec spec in StormKeys.Watches.Where(which))
        {
            shared = spec.Restarts || sharing++ % 3 != 0 ? shared : Open();
            TrackedClient client = spec.Restarts ? Open() : shared!;
            var recorder = new WatchRecorder(spec, () => _clients.ForWatcher(client.Storage), client.ReplaceAsync, new Random(random.Next()));
            Position? after = spec.Start is WatchStart.Origin or WatchStart.LaterFromOrigin ? origin : null;
            _recorders.Add(recorder);
            _watching.Add(Task.Run(() => recorder.RunAsync(after, _stopWatching.Token)));
            begun.Add(recorder.Begun);
        }

        await Task.WhenAll(begun).WaitAsync(Patience);
    }

    /// <summary>Waits until each watcher was told all there is, or gives up: then a guarantee will say what is missing.</summary>
    private async Task UntilAllIsToldAsync()
    {
        TrackedClient client = Open();
        StorageInfo info = await client.Storage.GetInfoAsync().AsTask().WaitAsync(Patience);
        Task told = Task.WhenAll(_recorders.Select(recorder => recorder.Reached.ReachedAsync((long)info.Revision.Value)));
        Task ended = Task.WhenAll(_watching);
        using var patience = new CancellationTokenSource();
        await Task.WhenAny(told, ended, Task.Delay(_site.IsPlanted ? PatienceWithBug : Patience, patience.Token));
        await patience.CancelAsync();
    }

    private TrackedClient Open()
    {
        TrackedClient client = _clients.Create();
        _open.Add(client);
        return client;
    }

    private async Task CloseClientsAsync()
    {
        foreach (TrackedClient client in _open)
        {
            await client.DisposeAsync();
        }

        _open.Clear();
    }
}
