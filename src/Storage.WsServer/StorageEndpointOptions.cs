using Microsoft.AspNetCore.Http;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer;

/// <summary>How a storage is served by an ASP.NET Core application that has listeners of its own.</summary>
public sealed record StorageEndpointOptions
{
    /// <summary>What each client is allowed.</summary>
    public StorageSessionOptions Session { get; init; } = new();

    /// <summary>Which leases are granted.</summary>
    public LeaseOptions Leases { get; init; } = new();

    /// <summary>
    /// Says who a client is, or <see langword="null"/> to refuse it with 403. Default: by the client certificate of the
    /// connection, which the application's listener has to demand and verify
    /// (<see cref="StorageTlsExtensions.UseStorageTls"/> does).
    /// </summary>
    public Func<HttpContext, ClientIdentity?> Authenticate { get; init; } = StorageEndpoint.IdentifyByCertificate;

    /// <summary>
    /// Lets the application make clients read again. Give the same to several endpoints to have them told together. Default:
    /// only clients can (<see cref="StorageSessionOptions.AllowInvalidate"/>).
    /// </summary>
    public StorageInvalidation? Invalidation { get; init; }

    /// <summary>Tells the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
