namespace WsStorage.Replica;

/// <summary>How a replica stands, at one moment. Immutable.</summary>
public sealed record ReplicaStatus
{
    /// <summary>What it is doing.</summary>
    public ReplicaPhase Phase { get; init; }

    /// <summary>Whether there is a whole copy to read.</summary>
    public bool IsReadable { get; init; }

    /// <summary>Whether a new copy is built while an old one is read.</summary>
    public bool IsRebuilding { get; init; }

    /// <summary>Whether the copy that is read is known to be of another store or another history than the source has now.</summary>
    public bool IsStale { get; init; }

    /// <summary>What the copy was made of that this replica built last, or builds.</summary>
    public BootstrapKind BootstrappedBy { get; init; }

    /// <summary>How many rows have been loaded into the copy that is built, or was built last.</summary>
    public long Rows { get; init; }

    /// <summary>How many bytes have been loaded into it: of keys and values, or of files.</summary>
    public long Bytes { get; init; }

    /// <summary>How many rows there are to load: the source's estimate; none when it is not known, or files are loaded.</summary>
    public long? ExpectedRows { get; init; }

    /// <summary>How many bytes there are to load: exact of files, else the source's estimate; none when it is not known.</summary>
    public long? ExpectedBytes { get; init; }

    /// <summary>How fast rows are loaded; zero while none are.</summary>
    public double RowsPerSecond { get; init; }

    /// <summary>How fast bytes are loaded; zero while none are.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>In how long loading may be done, at the present rate; none when that can't be said.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>How far the copy is that is read, or the one that is built when there is none to read.</summary>
    public Position? Position { get; init; }

    /// <summary>The revision of <see cref="Position"/>.</summary>
    public Revision Revision => Position?.Revision ?? Revision.None;

    /// <summary>The source's revision when it was asked last; none before it has answered.</summary>
    public Revision? SourceRevision { get; init; }

    /// <summary>How many revisions the copy is behind <see cref="SourceRevision"/>; none when that is not known, or is of
    /// another history than the copy.</summary>
    public long? RevisionLag { get; init; }

    /// <summary>How old the copy that is read may be at the most, through all replicas between it and the first source; none when
    /// that is not known.</summary>
    public TimeSpan? Staleness { get; init; }

    /// <summary>What went wrong last and is being tried again; none while all is well.</summary>
    public StorageException? Problem { get; init; }

    /// <summary>How many batches of the source this replica has applied since it was opened.</summary>
    public long AppliedBatches { get; init; }

    /// <summary>How often this replica has begun a copy since it was opened.</summary>
    public long Bootstraps { get; init; }
}
