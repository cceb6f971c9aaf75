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

    /// <summary>How many bytes of replies may wait for a client, before the server stops reading from it. Default: 4 MiB.</summary>
    public long MaxQueuedBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How many scans of a connection may be open at once. Default: 32.</summary>
    public int MaxScans { get; init; } = 32;

    /// <summary>How many connections there may be. Default: 10,000.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How many connections there may be with one certificate. Default: 1,000.</summary>
    public int MaxConnectionsPerClient { get; init; } = 1000;

    /// <summary>How long a client may take to say hello. Default: 10 s.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a message that has begun may take to end. Default: 60 s.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a client may go without reading while its replies wait, and how long a scan may wait for credit. Default:
    /// 60 s.
    /// </summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a connection may be without a request or an open scan before it is closed. Default: never.</summary>
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
