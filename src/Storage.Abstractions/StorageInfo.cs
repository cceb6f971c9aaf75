namespace WsStorage;

/// <summary>What a store is and how far it is.</summary>
public sealed record StorageInfo
{
    /// <summary>What the store is made of, for people: <c>memory</c>, <c>rocksdb 7.8.3</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>Epoch, revision and hash of the last committed batch.</summary>
    public required Position Position { get; init; }

    /// <summary>History at or below this revision is gone.</summary>
    public Revision CompactedRevision { get; init; }

    /// <summary>How many bytes of history are kept: what a watch can begin with.</summary>
    public long HistoryBytes { get; init; }

    /// <summary>For how many followers history is kept (<see cref="IStorage.KeepHistoryAsync"/>).</summary>
    public int FollowerCount { get; init; }

    /// <summary>How many bytes the data takes, roughly: the engine's own estimate.</summary>
    public required long ApproximateBytes { get; init; }

    /// <summary>How many keys there are, roughly: the engine's own estimate.</summary>
    public required long ApproximateKeys { get; init; }

    /// <summary>When a write is acknowledged.</summary>
    public required Durability Durability { get; init; }

    /// <summary>Whether writes are refused.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>
    /// How much older than its source the store may be, at the most, through all replicas between them; <see langword="null"/>
    /// when it is no copy.
    /// </summary>
    public TimeSpan? Staleness { get; init; }

    /// <summary>What it takes at the most.</summary>
    public required StorageLimits Limits { get; init; }

    /// <summary>The identity of the store.</summary>
    public Guid Epoch => Position.Epoch;

    /// <summary>The revision of the last committed batch.</summary>
    public Revision Revision => Position.Revision;
}

/// <summary>What has happened to a write by the time that it is acknowledged.</summary>
public enum Durability : byte
{
    /// <summary>It is in memory: lost when the process ends.</summary>
    Volatile = 0,

    /// <summary>It is with the operating system: survives the death of the process, not of the machine.</summary>
    Buffered = 1,

    /// <summary>It is on the disk: fsync, shared by all batches that wait.</summary>
    Synced = 2,
}
