using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WsStorage.Leases;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer;

/// <summary>
/// Serves a storage over WebSockets with mutual TLS, on a listener of its own. The application that embeds it goes on using
/// the same storage: what clients put is at once visible to it, and the other way round. Thread-safe.
/// </summary>
public sealed class WsStorageServer : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly WsStorageServerOptions _options;
    private readonly ILogger _logger;
    private readonly ServedStorage _served;
    private readonly StorageEndpoint _endpoint;
    private readonly WebApplication _application;
    private Task? _stopping;

    /// <summary>Prepares a server; <see cref="StartAsync"/> makes it listen.</summary>
    /// <param name="storage">The storage; not owned: dispose it after the server.</param>
    /// <param name="options">How to listen.</param>
    /// <exception cref="StorageException">An option makes no sense.</exception>
    public WsStorageServer(IStorage storage, WsStorageServerOptions options)
    {
        options.Validate();
        _storage = storage;
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<WsStorageServer>();
        _served = new ServedStorage(storage, options.Session, options.TimeProvider, _logger);
        _served.KeepLeases(options.Leases);
        Leases = new HostLeases(storage, _served.Leases);
        _endpoint = new StorageEndpoint(_served, StorageEndpoint.IdentifyByCertificate);
        _application = Build();
    }

    /// <summary>The storage that is served: the application's own reads and writes go here.</summary>
    public IStorage Storage => _storage;

    /// <summary>
    /// The storage that is served, with leases for the application itself: they last until they are disposed of or the server
    /// stops. If its process dies they end when their time to live is over after the next start. Disposing of it does nothing.
    /// </summary>
    public ILeaseStorage Leases { get; }

    /// <summary>How many clients are connected.</summary>
    public int ConnectionCount => _endpoint.Sessions.Count;

    /// <summary>Where the server listens, once started.</summary>
    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.None, 0);

    /// <summary>The URL for clients on this machine, once started.</summary>
    public Uri LocalUrl
    {
        get
        {
            IPAddress address = EndPoint.Address;
            bool named = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Loopback);
            string host = named ? "localhost" : new IPEndPoint(address, 0).ToString()[..^2];
            return new Uri($"wss://{host}:{EndPoint.Port}{_options.Path}");
        }
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Completes when clients can connect.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.AddressInUse"/>, or
    /// <see cref="StorageErrorCode.IOError"/>: the address can't be listened on.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            bool inUse = exception.InnerException is AddressInUseException;
            throw new StorageException(
                inUse ? StorageErrorCode.AddressInUse : StorageErrorCode.IOError,
                inUse
                    ? $"Port {_options.Listen.Port} is in use by another program. Stop it, or listen on another port."
                    : $"The server can't listen on {_options.Listen}: {exception.Message}",
                WriteOutcome.NotApplied,
                exception);
        }
        catch (System.Net.Sockets.SocketException exception)
        {
            throw new StorageException(
                StorageErrorCode.IOError,
                $"The server can't listen on {_options.Listen}: {exception.Message}. Choose another address or port.",
                WriteOutcome.NotApplied,
                exception);
        }

        string address = _application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First();
        EndPoint = new IPEndPoint(_options.Listen.Address, BindingAddress.Parse(address).Port);
        _served.Leases?.Start();
        StorageInfo info = await _storage.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        Log.Serving(_logger, info.Engine, $"wss://{EndPoint}{_options.Path}");
    }

    /// <summary>
    /// Makes clients look again: tells every watch that asked for it (<see cref="WatchOptions.Invalidations"/>) that keys are to
    /// be read again, changed or not. Reaches who is connected. Does not wait for clients.
    /// </summary>
    /// <param name="ranges">What to read again: at least one range. Everything is <see cref="KeyRange.All"/>, one key is
    /// <see cref="KeyRange.Single"/>. Read before this returns.</param>
    /// <param name="cancellationToken">Cancelled before the call, nobody is told.</param>
    /// <returns>How many watches are told.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: there is no range.
    /// <see cref="StorageErrorCode.KeyTooLarge"/>: a bound is no key.</exception>
    public ValueTask<int> InvalidateAsync(IReadOnlyList<KeyRange> ranges, CancellationToken cancellationToken = default) =>
        _endpoint.Invalidation.InvalidateAsync(ranges, cancellationToken);

    /// <summary>
    /// Takes no new connections and requests, finishes what is in flight, closes each connection with 1001, and stops
    /// listening. Clients get the drain timeout; what the storage itself has been handed is waited for, however long it takes.
    /// </summary>
    /// <returns>Completes when no connection is left.</returns>
    public Task StopAsync()
    {
        lock (_application)
        {
            return _stopping ??= StopCoreAsync();
        }
    }

    /// <summary>Stops, if that was not done, and releases all; not the storage.</summary>
    /// <returns>Completes when no connection is left.</returns>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StopCoreAsync()
    {
        Log.Stopping(_logger, ConnectionCount, _options.Session.DrainTimeout);
        _served.Leases?.Hold();
        await _endpoint.Sessions.DrainAsync().ConfigureAwait(false);
        await _application.StopAsync().ConfigureAwait(false);
        if (_served.Leases is { } leases)
        {
            await leases.DisposeAsync().ConfigureAwait(false);
        }
    }

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, EmbeddedLifetime>());
        builder.Services.Replace(ServiceDescriptor.Singleton(_options.LoggerFactory));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = _options.Session.HelloTimeout;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestBodySize = 0;

            // Beyond the sessions there is room for those whose handshake is under way.
            kestrel.Limits.MaxConcurrentUpgradedConnections = _options.Session.MaxConnections;
            kestrel.Limits.MaxConcurrentConnections = _options.Session.MaxConnections + 1024L;
            kestrel.Listen(_options.Listen, listen => listen.UseStorageTls(_options.Tls));
        });
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Run(http =>
        {
            if (http.Request.Path.Equals(_options.Path, StringComparison.Ordinal))
            {
                return _endpoint.HandleAsync(http);
            }

            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        return application;
    }

    /// <summary>Leaves Ctrl-C and other signals to the program that embeds the server.</summary>
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
