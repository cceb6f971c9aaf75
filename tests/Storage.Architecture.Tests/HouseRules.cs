namespace WsStorage.Architecture.Tests;

/// <summary>What a project under src may stand on. A project without a line here is refused.</summary>
/// <param name="Projects">The projects that it may reference; <see langword="null"/> for any.</param>
/// <param name="Packages">The packages that it may reference, analyzers aside.</param>
/// <param name="Frameworks">The shared frameworks that it may reference beyond .NET itself.</param>
internal sealed record HouseRules(string[]? Projects, string[] Packages, string[] Frameworks)
{
    private const string AspNetCore = "Microsoft.AspNetCore.App";
    private const string Logging = "Microsoft.Extensions.Logging.Abstractions";

    public static IReadOnlyDictionary<string, HouseRules> Of { get; } = new Dictionary<string, HouseRules>(StringComparer.Ordinal)
    {
        ["Storage.Abstractions"] = new([], [], []),
        ["Storage.Core"] = new(["Storage.Abstractions"], [Logging], []),
        ["Storage.RocksDb"] = new(["Storage.Abstractions", "Storage.Core"], [Logging], []),
        ["Storage.Protocol"] = new(["Storage.Abstractions"], [], []),
        ["Storage.Transport"] = new(["Storage.Abstractions", "Storage.Protocol"], [Logging], []),
        ["Storage.WsServer"] = new(["Storage.Abstractions", "Storage.Protocol", "Storage.Transport"], [Logging], [AspNetCore]),
        ["Storage.WsClient"] = new(["Storage.Abstractions", "Storage.Protocol", "Storage.Transport"], [Logging], []),
        ["Storage.Replica"] = new(["Storage.Abstractions", "Storage.Core"], [Logging], []),
        ["Storage.Cache"] = new(["Storage.Abstractions"], [Logging], []),
        ["Storage.Outbox"] = new(["Storage.Abstractions"], [Logging], []),
        ["Storage.Cli"] = new(Projects: null, [Logging, "System.CommandLine", "Spectre.Console"], [AspNetCore]),
    };
}
