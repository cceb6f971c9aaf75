using WsStorage.Robustness.Planted;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Robustness.Load;

/// <summary>Makes the clients of a run.</summary>
/// <param name="url">Where they connect.</param>
/// <param name="tls">What they show and trust.</param>
/// <param name="plant">What is wrong with what watchers are told.</param>
internal sealed class ClientFactory(Uri url, MutualTlsOptions tls, PlantedBug plant = PlantedBug.None)
{
    private int _lost;
    private int _made;

    /// <summary>Called when a client has lost a connection that it had; from any thread.</summary>
    public Action? Lost { get; set; }

    /// <summary>How many connections were lost that had been made.</summary>
    public int LostCount => Volatile.Read(ref _lost);

    /// <summary>How many connections were made.</summary>
    public int MadeCount => Volatile.Read(ref _made);

    /// <summary>
    /// How they connect: they never give up, come back soon, because a run is there to be interrupted, and leave each write all
    /// the time that it needs.
    /// </summary>
    public WsStorageClientOptions Options => new()
    {
        Url = url,
        Tls = tls,
        Name = "robustness",
        ConnectTimeout = TimeSpan.FromSeconds(5),
        OperationTimeout = TimeSpan.FromMinutes(30),
        ReconnectBaseDelay = TimeSpan.FromMilliseconds(10),
        ReconnectMaxDelay = TimeSpan.FromMilliseconds(500),
    };

    /// <summary>A client that is not connected yet.</summary>
    public TrackedClient Create() => new(this);

    /// <summary>A watcher's view of a client.</summary>
    public IStorage ForWatcher(IStorage client) => PlantedBugs.AtWatcher(client, plant);

    /// <summary>A cache's view of a client.</summary>
    public IStorage ForCache(IStorage client) => PlantedBugs.AtCache(client, plant);

    internal void OnMade() => Interlocked.Increment(ref _made);

    internal void OnLost()
    {
        Interlocked.Increment(ref _lost);
        Lost?.Invoke();
    }
}
