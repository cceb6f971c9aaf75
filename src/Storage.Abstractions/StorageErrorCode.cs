namespace WsStorage;

/// <summary>Why an operation failed. The numbers travel on the wire and never change their meaning.</summary>
public enum StorageErrorCode : byte
{
    /// <summary>A defect in the storage itself: something that should not happen did.</summary>
    Internal = 1,

    /// <summary>An argument or an option makes no sense.</summary>
    InvalidArgument = 2,

    /// <summary>A key is longer than <see cref="StorageLimits.MaxKeyBytes"/>.</summary>
    KeyTooLarge = 3,

    /// <summary>A value is longer than the storage takes.</summary>
    ValueTooLarge = 4,

    /// <summary>A batch is larger than the storage takes.</summary>
    BatchTooLarge = 5,

    /// <summary>The answer would be larger than the receiver takes: ask for less at once.</summary>
    ResultTooLarge = 6,

    /// <summary>A precondition did not hold, and the caller asked for an exception.</summary>
    PreconditionFailed = 7,

    /// <summary>The storage is open for reading only.</summary>
    ReadOnly = 8,

    /// <summary>The storage has been closed.</summary>
    Closed = 9,

    /// <summary>Another process has the storage open.</summary>
    Locked = 10,

    /// <summary>The stored data is damaged.</summary>
    Corrupt = 11,

    /// <summary>The data or the peer is of a version that this program does not know.</summary>
    UnsupportedVersion = 12,

    /// <summary>Reading or writing the disk failed.</summary>
    IOError = 13,

    /// <summary>The disk is full.</summary>
    DiskFull = 14,

    /// <summary>What was named does not exist.</summary>
    NotFound = 15,

    /// <summary>A library that the storage needs is not there.</summary>
    LibraryMissing = 16,

    /// <summary>The operation did not end in its time.</summary>
    Timeout = 17,

    /// <summary>The connection could not be made.</summary>
    ConnectFailed = 18,

    /// <summary>The connection was lost while the operation was outstanding.</summary>
    ConnectionLost = 19,

    /// <summary>The peers could not authenticate each other; the message says which and why.</summary>
    AuthenticationFailed = 20,

    /// <summary>The peer said something that the protocol does not allow.</summary>
    ProtocolError = 21,

    /// <summary>A limit on requests, connections or queues is reached: try later, or raise it.</summary>
    LimitExceeded = 22,

    /// <summary>The server is shutting down.</summary>
    ShuttingDown = 23,

    /// <summary>The peer does not know this kind of request.</summary>
    Unsupported = 24,

    /// <summary>The address to listen on is taken.</summary>
    AddressInUse = 25,

    /// <summary>The history after a position is gone: read anew, and watch from there.</summary>
    Compacted = 26,

    /// <summary>The position is of another store, or of this one before it was restored: read anew.</summary>
    EpochChanged = 27,

    /// <summary>
    /// The position is not in this store's history: it is ahead of the store, or its hash differs. One of the two has lost or
    /// changed something.
    /// </summary>
    Diverged = 28,

    /// <summary>Whether a write that was sent again had been applied is not known any more; it was not applied now.</summary>
    OutcomeUnknown = 29,

    /// <summary>The number of a write was used before for a write with other content.</summary>
    NumberReused = 30,

    /// <summary>The lease has ended: what was bound to it is gone.</summary>
    LeaseEnded = 31,

    /// <summary>The replica has no whole copy of its source yet.</summary>
    NotReady = 32,

    /// <summary>The copy is older than the read allows.</summary>
    TooStale = 33,
}
