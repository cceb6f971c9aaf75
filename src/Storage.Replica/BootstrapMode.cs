namespace WsStorage.Replica;

/// <summary>How a first copy, or one that replaces another, comes from the source.</summary>
public enum BootstrapMode
{
    /// <summary>By files when the source and the store of copies can and the store is large
    /// (<see cref="ReplicaOptions.MinFilesBytes"/>), else by rows.</summary>
    Auto = 0,

    /// <summary>Its rows are read, and written as they come.</summary>
    Rows = 1,

    /// <summary>The files of a checkpoint are read; not possible for a copy of some ranges.</summary>
    Files = 2,
}

/// <summary>What the copy that is read, or built, was made of.</summary>
public enum BootstrapKind
{
    /// <summary>It was there when the replica was opened, or there is none yet.</summary>
    None = 0,

    /// <summary>Of rows.</summary>
    Rows = 1,

    /// <summary>Of the files of a checkpoint.</summary>
    Files = 2,
}
