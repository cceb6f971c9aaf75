using System.Text.Json;

namespace WsStorage.Cli.Demo;

/// <summary>What the client tells the demo, a line of JSON at a time; the last line has the digest.</summary>
internal sealed record ClientReport
{
    public long Gets { get; init; }

    public long ManyGets { get; init; }

    public long Scans { get; init; }

    public long Batches { get; init; }

    public long RefusedBatches { get; init; }

    /// <summary>How many values it read, in all.</summary>
    public long ValuesRead { get; init; }

    public double GetP50Milliseconds { get; init; }

    public double GetP99Milliseconds { get; init; }

    /// <summary>How many batches its watch has told.</summary>
    public long Watched { get; init; }

    /// <summary>The newest readings, for people.</summary>
    public string Newest { get; init; } = "";

    /// <summary>What it read at the end; none before.</summary>
    public StoreDigest? Digest { get; init; }

    /// <summary>What its watch told, at the end; none before.</summary>
    public WatchDigest? Watch { get; init; }

    /// <summary>What did not hold; none when all did.</summary>
    public string? Failure { get; init; }

    public string ToLine() => JsonSerializer.Serialize(this);

    public static ClientReport? FromLine(string line) => JsonSerializer.Deserialize<ClientReport>(line);
}
