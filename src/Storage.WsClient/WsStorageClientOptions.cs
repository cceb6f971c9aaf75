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

    /// <summary>Keystore and truststore of the client.</summary>
    public required MutualTlsOptions Tls { get; init; }

    /// <summary>Who this client is, for the server's log. Default: the name of the process.</summary>
    public string Name { get; init; } = Environment.ProcessPath is { } path ? Path.GetFileName(path) : "client";

    /// <summary>How long a connection may take to be made. Default: 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an operation, or the wait for the next page of a scan, may take. Default: 30 s.</summary>
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

    /// <summary>How many bytes of a scan the server may send ahead of the reader. Default: 1 MiB.</summary>
    public int ScanWindowBytes { get; init; } = 1024 * 1024;

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

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        if (!Url.IsAbsoluteUri || !Url.Scheme.Equals(Uri.UriSchemeWss, StringComparison.Ordinal))
        {
            throw StorageException.InvalidArgument($"The URL of the store is '{Url}'; it must begin with wss://.");
        }

        Tls.Validate();
        AtLeast(nameof(MaxRequestsInFlight), MaxRequestsInFlight, 1);
        AtLeast(nameof(MaxWaitingBytes), MaxWaitingBytes, 1);
        AtLeast(nameof(MaxMessageBytes), MaxMessageBytes, 256 * 1024);
        AtLeast(nameof(ScanWindowBytes), ScanWindowBytes, 1024);
        Positive(nameof(ConnectTimeout), ConnectTimeout);
        Positive(nameof(OperationTimeout), OperationTimeout);
        Positive(nameof(KeepAliveInterval), KeepAliveInterval);
        Positive(nameof(KeepAliveTimeout), KeepAliveTimeout);
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
