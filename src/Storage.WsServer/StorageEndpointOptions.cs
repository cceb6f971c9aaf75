using Microsoft.AspNetCore.Http;

namespace WsStorage.WsServer;

/// <summary>How a storage is served by an ASP.NET Core application that has listeners of its own.</summary>
public sealed record StorageEndpointOptions
{
    /// <summary>What each client is allowed.</summary>
    public StorageSessionOptions Session { get; init; } = new();

    /// <summary>
    /// Says who a client is, or <see langword="null"/> to refuse it with 403. Default: by the client certificate of the
    /// connection, which the application's listener has to demand and verify
    /// (<see cref="StorageTlsExtensions.UseStorageTls"/> does).
    /// </summary>
    public Func<HttpContext, ClientIdentity?> Authenticate { get; init; } = StorageEndpoint.IdentifyByCertificate;

    /// <summary>Tells the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
