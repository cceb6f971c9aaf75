using System.Text.Json;

namespace WsStorage.Robustness.Replicas;

/// <summary>What a replica's process says of itself: one line of JSON.</summary>
internal sealed record ReplicaReport
{
    /// <summary>What it is doing.</summary>
    public required string Phase { get; init; }

    /// <summary>How far its copy is.</summary>
    public required ulong Revision { get; init; }

    /// <summary>How many revisions it is behind, as far as it knows.</summary>
    public long? Lag { get; init; }

    /// <summary>How old its copy may be, in seconds; null when it does not know.</summary>
    public double? Staleness { get; init; }

    /// <summary>The bytes that its copy was made of, so far.</summary>
    public required long Bytes { get; init; }

    /// <summary>How its copy was made: rows or files.</summary>
    public required string BootstrappedBy { get; init; }

    /// <summary>How often it has begun a copy since its process was started.</summary>
    public required long Bootstraps { get; init; }

    /// <summary>What keeps it from going on; null if nothing does.</summary>
    public string? Problem { get; init; }

    /// <summary>Reads what <see cref="ToLine"/> wrote.</summary>
    public static ReplicaReport Parse(string line) => JsonSerializer.Deserialize<ReplicaReport>(line)!;

    /// <summary>One line.</summary>
    public string ToLine() => JsonSerializer.Serialize(this);
}

/// <summary>What became of a comparison of a replica with its source: one line of JSON.</summary>
internal sealed record VerifyReport
{
    /// <summary>The revision that was compared.</summary>
    public required ulong Revision { get; init; }

    /// <summary>How many rows the replica has.</summary>
    public required long Rows { get; init; }

    /// <summary>How many rows differ.</summary>
    public required long Differences { get; init; }

    /// <summary>The first key that differs, in hexadecimal; null if none does.</summary>
    public string? FirstKey { get; init; }

    /// <summary>How many rows were mended.</summary>
    public required long Mended { get; init; }

    /// <summary>Reads what <see cref="ToLine"/> wrote.</summary>
    public static VerifyReport Parse(string line) => JsonSerializer.Deserialize<VerifyReport>(line)!;

    /// <summary>One line.</summary>
    public string ToLine() => JsonSerializer.Serialize(this);
}
