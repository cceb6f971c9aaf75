using System.Text.Json;

namespace WsStorage.Cli.Demo;

/// <summary>What the replica tells the demo, a line of JSON at a time; the last line has the digest.</summary>
internal sealed record ReplicaReport
{
    /// <summary>How far its copy is.</summary>
    public ulong Revision { get; init; }

    /// <summary>How many revisions it is behind; none while that is not known.</summary>
    public long? Lag { get; init; }

    /// <summary>What it is doing, for people.</summary>
    public string Phase { get; init; } = "";

    /// <summary>What a scan of it read at the end; none before.</summary>
    public StoreDigest? Digest { get; init; }

    /// <summary>Where it was at the end: epoch, revision, and the hash over all batches; none before.</summary>
    public string? Position { get; init; }

    /// <summary>How many rows were compared with the source's.</summary>
    public long Compared { get; init; }

    /// <summary>By how many hashes.</summary>
    public long Hashes { get; init; }

    /// <summary>How many rows differ.</summary>
    public long Differences { get; init; }

    /// <summary>What did not hold; none when all did.</summary>
    public string? Failure { get; init; }

    public string ToLine() => JsonSerializer.Serialize(this);

    public static ReplicaReport? FromLine(string line) => JsonSerializer.Deserialize<ReplicaReport>(line);
}
