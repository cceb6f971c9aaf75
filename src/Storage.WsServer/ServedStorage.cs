using Microsoft.Extensions.Logging;
using WsStorage.Leases;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer;

/// <summary>What the sessions of one endpoint share. Thread-safe.</summary>
/// <param name="storage">The storage.</param>
/// <param name="options">What each client is allowed.</param>
/// <param name="timeProvider">Tells the time.</param>
/// <param name="logger">Where to log.</param>
/// <param name="invalidation">Tells the watches to read again; none for one of its own.</param>
internal sealed class ServedStorage(
    IStorage storage, StorageSessionOptions options, TimeProvider timeProvider, ILogger logger, StorageInvalidation? invalidation = null)
{
    // Larger chunks make client and server take turns instead of working at the same time.
    private const int MaxChunk = 128;

    private long _lastSession;

    public IStorage Storage => storage;

    public StorageSessionOptions Options => options;

    public TimeProvider TimeProvider => timeProvider;

    public ILogger Logger => logger;

    /// <summary>The connections.</summary>
    public SessionRegistry Sessions { get; } = new(options);

    /// <summary>Which connection each session of a client is on.</summary>
    public SessionClaims Claims { get; } = new();

    /// <summary>Groups for reads that arrive together.</summary>
    public SharedPool<ReadGroup> ReadGroups { get; } = new(() => new ReadGroup(MaxChunk));

    /// <summary>Groups for writes that arrive together.</summary>
    public SharedPool<WriteGroup> WriteGroups { get; } = new(() => new WriteGroup(MaxChunk));

    /// <summary>Tells the watches of all connections to read again.</summary>
    public StorageInvalidation Invalidation { get; } = invalidation ?? new StorageInvalidation();

    /// <summary>Who keeps the leases; nobody, unless <see cref="KeepLeases"/> said so.</summary>
    public LeaseKeeper? Leases { get; private set; }

    /// <summary>Has leases kept, where that is possible. Called once, before anything is served.</summary>
    /// <param name="leaseOptions">Which are granted.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: they make no sense.</exception>
    public void KeepLeases(LeaseOptions leaseOptions)
    {
        leaseOptions.Validate();
        if (leaseOptions.Enabled && storage is not ILeaseStorage)
        {
            Leases = new LeaseKeeper(storage, Claims, leaseOptions, timeProvider, logger);
        }
    }

    /// <summary>What a new connection shares with the others, and what is its own.</summary>
    /// <param name="client">Who the client has proved to be.</param>
    public SessionContext NewContext(ClientIdentity client) => new(Interlocked.Increment(ref _lastSession), client, this);
}
