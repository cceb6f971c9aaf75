namespace WsStorage.Testing;

/// <summary>Parts of the contract from which a storage may deviate, with a documented reason.</summary>
public enum ContractFeature
{
    /// <summary>Nobody else writes: each batch gets the revision after the last one, and reads say the newest.</summary>
    DenseRevisions,

    /// <summary>Every read tells the revision that it read, and so none may say that it read none.</summary>
    RevisionOfEveryRead,

    /// <summary>The position's hash chains the packed operations of every batch.</summary>
    PositionHash,

    /// <summary>Limits are those that the storage was opened with.</summary>
    Limits,

    /// <summary>After it has been disposed of, the storage refuses every operation as closed.</summary>
    ClosedAfterDispose,

    /// <summary>History keeps what each key held before; the storage is opened so.</summary>
    PreviousValues,
}
