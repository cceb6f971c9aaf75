namespace WsStorage.WsServer;

/// <summary>What a server allows each of its clients. The defaults are safe for strangers with a certificate.</summary>
public sealed record StorageSessionOptions
{
    // What the timers of the framework take.
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    /// <summary>
    /// The largest WebSocket message taken, in bytes. Default: none of its own, which is the storage's largest batch and
    /// what a message takes beyond it.
    /// </summary>
    public int? MaxMessageBytes { get; init; }

    /// <summary>How many requests of a connection may be unanswered at once. Default: 8,192.</summary>
    public int MaxRequestsInFlight { get; init; } = 8192;

    /// <summary>
    /// How many bytes of writes of a connection may be under way at once, before the server stops reading from it. Default:
    /// 64 MiB.
    /// </summary>
    public long MaxBytesInFlight { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many bytes of replies may wait for a client, before the server stops reading from it. Default: 1 MiB.</summary>
    public long MaxQueuedBytes { get; init; } = 1024 * 1024;

    /// <summary>How many scans of a connection may be open at once, walks that hash ranges included. Default: 32.</summary>
    public int MaxScans { get; init; } = 32;

    /// <summary>How many watches of a connection may be open at once. Default: 1,000.</summary>
    public int MaxWatches { get; init; } = 1000;

    /// <summary>Whether a client may make the others read again (invalidate). Default: yes.</summary>
    public bool AllowInvalidate { get; init; } = true;

    /// <summary>
    /// Whether a client may make checkpoints and read the files of the store, if that has any to hand out. Who may connect may
    /// read all rows anyway; a checkpoint costs the store disk space while it lasts. Default: yes.
    /// </summary>
    public bool AllowCheckpoints { get; init; } = true;

    /// <summary>
    /// How many connections there may be. One whose client is gone counts until that is noticed (<see cref="KeepAliveInterval"/>
    /// and <see cref="KeepAliveTimeout"/>), also when the client wants to come back: leave room for that. Default: 10,000.
    /// </summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How many connections there may be with one certificate, counted as <see cref="MaxConnections"/>. Default: 1,000.</summary>
    public int MaxConnectionsPerClient { get; init; } = 1000;

    /// <summary>How long a client may take to say hello. Default: 10 s.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a message that has begun may take to end. Default: 60 s.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a client may go without reading anything while its replies wait (one that does not is cut off before twice that),
    /// and how long a scan or a walk that hashes may wait for credit. A watch may wait for credit for ever. Default: 60 s.
    /// </summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a connection may be without a request, an open scan or a watch before it is closed. A client that stays connected
    /// by itself comes back at once. Default: never.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How often a silent client is asked for a sign of life. Default: 15 s.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the client may take to give one. Default: 10 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stopping server waits for what is in flight. Default: 10 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The origins (<c>https://host[:port]</c>) whose pages may connect from a browser. Programs send no origin and are not
    /// concerned. Default: none.
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        AtLeast(nameof(MaxMessageBytes), MaxMessageBytes ?? int.MaxValue, 64 * 1024);
        AtLeast(nameof(MaxRequestsInFlight), MaxRequestsInFlight, 1);
        AtLeast(nameof(MaxBytesInFlight), MaxBytesInFlight, 1);
        AtLeast(nameof(MaxQueuedBytes), MaxQueuedBytes, 64 * 1024);
        AtLeast(nameof(MaxScans), MaxScans, 0);
        AtLeast(nameof(MaxWatches), MaxWatches, 0);
        AtLeast(nameof(MaxConnections), MaxConnections, 1);
        AtLeast(nameof(MaxConnectionsPerClient), MaxConnectionsPerClient, 1);
        Positive(nameof(HelloTimeout), HelloTimeout);
        Positive(nameof(MessageTimeout), MessageTimeout);
        Positive(nameof(SlowReaderTimeout), SlowReaderTimeout);
        Positive(nameof(KeepAliveInterval), KeepAliveInterval);
        Positive(nameof(KeepAliveTimeout), KeepAliveTimeout);
        Positive(nameof(DrainTimeout), DrainTimeout);
        if (IdleTimeout != Timeout.InfiniteTimeSpan)
        {
            Positive(nameof(IdleTimeout), IdleTimeout);
        }
    }

    private static void AtLeast(string name, long value, long least)
    {
        if (value < least)
        {
            throw StorageException.InvalidArgument($"{nameof(StorageSessionOptions)}.{name} is {value}; it must be at least {least}.");
        }
    }

    private static void Positive(string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > MaxTimeout)
        {
            throw StorageException.InvalidArgument($"{nameof(StorageSessionOptions)}.{name} is {value}; it must be more than zero and at most {MaxTimeout}.");
        }
    }
}
