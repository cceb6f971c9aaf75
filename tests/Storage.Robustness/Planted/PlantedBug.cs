namespace WsStorage.Robustness.Planted;

/// <summary>
/// What can be made wrong on purpose, so that each checker is seen to fail: first in the process of the server, the replica or the
/// producer, then, from <see cref="DuplicateEvent"/> on, between a client and its watcher, because a client refuses some of these
/// from a server.
/// </summary>
internal enum PlantedBug
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The server acknowledges a write some time before it is committed.</summary>
    EarlyAcknowledgement,

    /// <summary>The server keeps the outcomes of numbered writes in memory, apart from their effects.</summary>
    RecordApart,

    /// <summary>The server begins a watch that goes on from a position one revision of its range too far.</summary>
    ResumeTooFar,

    /// <summary>The server reads ahead of what a watcher takes, without a bound.</summary>
    HoardingWatch,

    /// <summary>The replica loses the last row of each page that its copy is loaded with.</summary>
    DroppedRow,

    /// <summary>An outbox delivers without a marker at the target, by what it has noted at home.</summary>
    UnguardedDelivery,

    /// <summary>A watcher is told some revisions twice.</summary>
    DuplicateEvent,

    /// <summary>A watcher is not told some revisions.</summary>
    SkippedRevision,

    /// <summary>A watcher is told some revisions after those that follow them.</summary>
    SwappedRevisions,

    /// <summary>A watcher is told some batches without their last change.</summary>
    TornBatch,

    /// <summary>A watcher is told of changes outside of its range.</summary>
    NoFilter,

    /// <summary>A watcher gets marks of revisions that it has not been told yet.</summary>
    EarlyMark,

    /// <summary>A watcher gets no mark but the first.</summary>
    NoMarks,

    /// <summary>A cache keeps answers that came late, whatever its watch has told meanwhile.</summary>
    UnmarkedFill,
}
