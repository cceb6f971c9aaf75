using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Transport.Tls;

namespace WsStorage.WsClient;

/// <summary>How a client reaches its store.</summary>
public sealed record WsStorageClientOptions
{
    // What the timers of the framework take.
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    /// <summary>Where the store is: <c>wss://host[:port]/path</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>
    /// Where else the store is: tried in their order whenever <see cref="Url"/> can't be reached. All must lead to the same store;
    /// another one is noticed by its epoch. Default: nowhere.
    /// </summary>
    public IReadOnlyList<Uri> FallbackUrls { get; init; } = [];

    /// <summary>Keystore and truststore of the client.</summary>
    public required MutualTlsOptions Tls { get; init; }

    /// <summary>Who this client is, for the server's log. Default: the name of the process.</summary>
    public string Name { get; init; } = Environment.ProcessPath is { } path ? Path.GetFileName(path) : "client";

    /// <summary>
    /// Which client this is: writes that are sent again are recognised by it, over restarts of the program too. No two programs
    /// may use the same at once. Default: a new one for each client in memory.
    /// </summary>
    public Guid? ClientId { get; init; }

    /// <summary>
    /// A file that keeps <see cref="ClientId"/> from one run of the program to the next; made, for its owner only, if it is
    /// missing, and locked while the client lives. Default: none.
    /// </summary>
    public string? ClientIdFile { get; init; }

    /// <summary>How long a connection may take to be made, at each URL. Default: 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long the client waits at the most before it connects again, the first time; twice as long after each attempt that
    /// fails. Each wait is random, from nothing to that, so that many clients don't come at once. Default: 100 ms.
    /// </summary>
    public TimeSpan ReconnectBaseDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The most that the wait before a new attempt grows to. Default: 10 s.</summary>
    public TimeSpan ReconnectMaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many attempts to connect may fail in a row before what waits fails and the client stays disconnected until it is
    /// used again. <see langword="null"/>, the default, never gives up.
    /// </summary>
    public int? MaxReconnectAttempts { get; init; }

    /// <summary>
    /// How long an operation may take, the wait for a connection included; for a scan, the wait for its next page. Default: 30 s.
    /// </summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many requests may be unanswered at once; more wait in the client. The server may allow fewer. Default: 4,096.
    /// </summary>
    public int MaxRequestsInFlight { get; init; } = 4096;

    /// <summary>
    /// How many bytes of requests may wait in the client, for a connection or for others to be answered, before more are
    /// refused. Default: 64 MiB.
    /// </summary>
    public long MaxWaitingBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The largest message taken from the server, in bytes. Default: 64 MiB.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many bytes of a scan, of rows or of hashes, the server may send ahead of the reader. Default: 1 MiB.</summary>
    public int ScanWindowBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// How many bytes of changes the server may send ahead of the reader of a watch; one change more may come. Default: 1 MiB.
    /// </summary>
    public int WatchWindowBytes { get; init; } = 1024 * 1024;

    /// <summary>How often a silent server is asked for a sign of life. Default: 15 s.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the server may take to give one. Default: 10 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The proxy to go through. Default: that of the system, if it has one.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>Where to log. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Tells the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where to try, in order.</summary>
    internal IEnumerable<Uri> AllUrls => FallbackUrls.Prepend(Url);

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        foreach (Uri url in AllUrls)
        {
            if (!url.IsAbsoluteUri || !url.Scheme.Equals(Uri.UriSchemeWss, StringComparison.Ordinal))
            {
                throw StorageException.InvalidArgument($"The URL of the store is '{url}'; it must begin with wss://.");
            }
        }

        if (ClientId is not null && ClientIdFile is not null)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(WsStorageClientOptions)}.{nameof(ClientId)} and {nameof(ClientIdFile)} are both given; give one of them.");
        }

        if (ClientId == Guid.Empty || ClientIdFile is { Length: 0 })
        {
            throw StorageException.InvalidArgument(
                $"{nameof(WsStorageClientOptions)}.{(ClientIdFile is null ? nameof(ClientId) : nameof(ClientIdFile))} is empty; give one, or null.");
        }

        Tls.Validate();
        AtLeast(nameof(MaxRequestsInFlight), MaxRequestsInFlight, 1);
        AtLeast(nameof(MaxWaitingBytes), MaxWaitingBytes, 1);
        AtLeast(nameof(MaxMessageBytes), MaxMessageBytes, 256 * 1024);
        AtLeast(nameof(ScanWindowBytes), ScanWindowBytes, 1024);
        AtLeast(nameof(WatchWindowBytes), WatchWindowBytes, 1024);
        AtLeast(nameof(MaxReconnectAttempts), MaxReconnectAttempts ?? 1, 1);
        Positive(nameof(ConnectTimeout), ConnectTimeout);
        Positive(nameof(OperationTimeout), OperationTimeout);
        Positive(nameof(KeepAliveInterval), KeepAliveInterval);
        Positive(nameof(KeepAliveTimeout), KeepAliveTimeout);
        Positive(nameof(ReconnectBaseDelay), ReconnectBaseDelay);
        Positive(nameof(ReconnectMaxDelay), ReconnectMaxDelay);
        if (ReconnectMaxDelay < ReconnectBaseDelay)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(WsStorageClientOptions)}.{nameof(ReconnectMaxDelay)} is {ReconnectMaxDelay}, less than {nameof(ReconnectBaseDelay)}, which is {ReconnectBaseDelay}.");
        }
    }

    private static void AtLeast(string name, long value, long least)
    {
        if (value < least)
        {
            throw StorageException.InvalidArgument($"{nameof(WsStorageClientOptions)}.{name} is {value}; it must be at least {least}.");
        }
    }

    private static void Positive(string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > MaxTimeout)
        {
            throw StorageException.InvalidArgument($"{nameof(WsStorageClientOptions)}.{name} is {value}; it must be more than zero and at most {MaxTimeout}.");
        }
    }
}
