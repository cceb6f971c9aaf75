namespace WsStorage.Core.Feed;

/// <summary>The history that a store keeps beyond what its <see cref="ChangeFeed"/> holds in memory. Thread-safe.</summary>
public interface IChangeLog
{
    /// <summary>History at or below this revision is gone.</summary>
    Revision Compacted { get; }

    /// <summary>
    /// Reads consecutive groups: at first the one that holds the batch after a revision, or the sparse one that comes next. Reads
    /// on the calling thread, and holds nothing of the store once it has returned.
    /// </summary>
    /// <param name="after">The revision, before <paramref name="through"/>.</param>
    /// <param name="through">The last revision to read; it ends a group.</param>
    /// <param name="bytes">Ends with the group with which there are so many bytes.</param>
    /// <param name="groups">Gets the groups, at least one.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>: the history is gone. Others: it could not be
    /// read, or the store was closed.</exception>
    void Read(Revision after, Revision through, int bytes, ICollection<ChangeGroup> groups);
}
