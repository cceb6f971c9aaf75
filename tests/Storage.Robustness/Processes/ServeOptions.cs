using System.Text.Json;
using WsStorage.Robustness.Planted;
using WsStorage.RocksDb;

namespace WsStorage.Robustness.Processes;

/// <summary>What a server process is told when it is started.</summary>
internal sealed record ServeOptions
{
    /// <summary>The store's directory.</summary>
    public required string Directory { get; init; }

    /// <summary>The directory of the certificates.</summary>
    public required string Certificates { get; init; }

    /// <summary>Where it listens on this machine.</summary>
    public required int Port { get; init; }

    /// <summary>When it acknowledges a write.</summary>
    public Durability Durability { get; init; } = Durability.Synced;

    /// <summary>Whether the commit log keeps previous values.</summary>
    public bool PreviousValues { get; init; }

    /// <summary>How many clients it takes; all of them show the same certificate.</summary>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>How much history it keeps, in bytes; all by default, because it is the truth at the end.</summary>
    public long CommitLogBytes { get; init; } = long.MaxValue;

    /// <summary>What is wrong with it on purpose.</summary>
    public PlantedBug Plant { get; init; }

    /// <summary>Reads what <see cref="ToArgument"/> wrote.</summary>
    public static ServeOptions Parse(string argument) => JsonSerializer.Deserialize<ServeOptions>(argument)!;

    /// <summary>One argument of a command line.</summary>
    public string ToArgument() => JsonSerializer.Serialize(this);

    /// <summary>
    /// How the store is opened. The write buffer is small, because all of it is read again after each kill.
    /// </summary>
    public RocksDbOptions ToEngine() => new()
    {
        Durability = Durability,
        CommitLogBytes = CommitLogBytes,
        LogPreviousValues = PreviousValues,
        WriteBufferBytes = 8 << 20,
        BlockCacheBytes = 32 << 20,

        // Replicas that are made to forget everything leave checkpoints behind that nobody releases.
        MaxCheckpoints = 1000,
        CheckpointRetention = TimeSpan.FromMinutes(1),
    };
}
