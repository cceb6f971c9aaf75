using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Transport.Tls;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer;

/// <summary>How a standalone server listens.</summary>
public sealed record WsStorageServerOptions
{
    /// <summary>Where to listen. Port 0 takes a free one. Default: every address, port 7443.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.IPv6Any, 7443);

    /// <summary>The path of the store in its URL. Default: <c>/storage</c>.</summary>
    public string Path { get; init; } = "/storage";

    /// <summary>Keystore and truststore of the server.</summary>
    public required MutualTlsOptions Tls { get; init; }

    /// <summary>What each client is allowed.</summary>
    public StorageSessionOptions Session { get; init; } = new();

    /// <summary>Which leases are granted.</summary>
    public LeaseOptions Leases { get; init; } = new();

    /// <summary>Where to log. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Tells the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>, or what the certificates
    /// lack.</exception>
    public void Validate()
    {
        if (!Path.StartsWith('/'))
        {
            throw StorageException.InvalidArgument($"The path of the store is '{Path}'; it must begin with a slash.");
        }

        Tls.ValidateForServer();
        Session.Validate();
        Leases.Validate();
    }
}
