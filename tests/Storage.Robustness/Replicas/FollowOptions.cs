using System.Text.Json;
using WsStorage.Robustness.Planted;

namespace WsStorage.Robustness.Replicas;

/// <summary>What a replica's process is told when it is started.</summary>
internal sealed record FollowOptions
{
    /// <summary>The directory of the copies.</summary>
    public required string Directory { get; init; }

    /// <summary>The directory of the certificates.</summary>
    public required string Certificates { get; init; }

    /// <summary>Where the source is.</summary>
    public required Uri Source { get; init; }

    /// <summary>The replica's name at its source.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it gets its first copy as files or as rows; as it thinks best if neither.</summary>
    public string Bootstrap { get; init; } = "Auto";

    /// <summary>Where it serves its copy to others; nowhere if null.</summary>
    public int? ServePort { get; init; }

    /// <summary>What is wrong with it on purpose.</summary>
    public PlantedBug Plant { get; init; }

    /// <summary>Reads what <see cref="ToArgument"/> wrote.</summary>
    public static FollowOptions Parse(string argument) => JsonSerializer.Deserialize<FollowOptions>(argument)!;

    /// <summary>One argument of a command line.</summary>
    public string ToArgument() => JsonSerializer.Serialize(this);
}
