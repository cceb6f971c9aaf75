using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace WsStorage.WsServer;

/// <summary>Serves a storage from an existing ASP.NET Core application.</summary>
public static class StorageEndpointExtensions
{
    /// <summary>
    /// Serves a storage at a path. The application calls <c>app.UseWebSockets()</c> before. Sessions are drained when the
    /// application stops.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The path, such as <c>/storage</c>.</param>
    /// <param name="storage">The storage; not owned. The application may use it at the same time: what clients put is at
    /// once visible to it, and the other way round.</param>
    /// <param name="options">How, or <see langword="null"/> for the defaults.</param>
    /// <returns>The endpoint's builder.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: an option makes no sense.</exception>
    public static IEndpointConventionBuilder MapStorage(
        this IEndpointRouteBuilder endpoints, string pattern, IStorage storage, StorageEndpointOptions? options = null)
    {
        options ??= new StorageEndpointOptions();
        ILogger logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger<WsStorageServer>();
        var served = new ServedStorage(storage, options.Session, options.TimeProvider, logger, options.Invalidation);
        served.KeepLeases(options.Leases);
        var endpoint = new StorageEndpoint(served, options.Authenticate);
        IHostApplicationLifetime lifetime = endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        lifetime.ApplicationStarted.Register(() => served.Leases?.Start());
        lifetime.ApplicationStopping.Register(() =>
        {
            served.Leases?.Hold();
            _ = endpoint.Sessions.DrainAsync();
        });
        lifetime.ApplicationStopped.Register(() => _ = served.Leases?.StopAsync());
        return endpoints.MapGet(pattern, (RequestDelegate)endpoint.HandleAsync);
    }
}
