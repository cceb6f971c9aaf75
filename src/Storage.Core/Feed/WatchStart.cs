namespace WsStorage.Core.Feed;

/// <summary>Says where a watch can't begin, and why.</summary>
internal static class WatchStart
{
    /// <summary>Checks what can be seen without reading history; <see cref="FeedCursor.VerifyStart"/> does the rest.</summary>
    /// <param name="start">The position after which the watch is to begin.</param>
    /// <param name="head">How far the store is.</param>
    /// <param name="tailStart">Everything after this revision is in memory.</param>
    /// <param name="log">What history there is beyond.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.EpochChanged"/>,
    /// <see cref="StorageErrorCode.Diverged"/> or <see cref="StorageErrorCode.Compacted"/>.</exception>
    public static void Check(Position start, Position head, Revision tailStart, IChangeLog? log)
    {
        if (start.Epoch != head.Epoch)
        {
            throw new StorageException(
                StorageErrorCode.EpochChanged,
                $"The position is of the store {start.Epoch}; this is {head.Epoch}: another store, or that one restored. Read everything anew, and watch from there.");
        }

        if (start.Revision > head.Revision)
        {
            throw new StorageException(
                StorageErrorCode.Diverged,
                $"The position is at revision {start.Revision}, and the store only at {head.Revision}: it has lost what it had committed. Find out why, then read everything anew, and watch from there.");
        }

        if (start.Revision == head.Revision)
        {
            if (start.Hash != head.Hash)
            {
                throw ToDiverged(start.Revision);
            }

            return;
        }

        if (start.Revision < tailStart && (log is null || start.Revision < log.Compacted))
        {
            throw ToCompacted(start.Revision, log is null ? tailStart : log.Compacted);
        }
    }

    /// <summary>The history that is asked for is gone.</summary>
    /// <param name="after">What was asked for begins after this revision.</param>
    /// <param name="compacted">What there is begins after this one.</param>
    public static StorageException ToCompacted(Revision after, Revision compacted) => new(
        StorageErrorCode.Compacted,
        $"The history after revision {after} is gone; what is kept begins after {compacted}. Read everything anew, and watch from there. To keep more, raise the limit on history where the storage is opened.");

    /// <summary>The hash of a position is not the store's.</summary>
    public static StorageException ToDiverged(Revision revision) => new(
        StorageErrorCode.Diverged,
        $"At revision {revision} the hash of the position is not the store's: what led there was something else. Find out why, then read everything anew, and watch from there.");
}
