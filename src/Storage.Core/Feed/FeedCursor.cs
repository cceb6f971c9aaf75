namespace WsStorage.Core.Feed;

/// <summary>Reads history by itself for one watch, piece by piece. Used by one thread at a time.</summary>
/// <param name="feed">Where the pieces come from.</param>
/// <param name="filter">What the watch wants.</param>
internal sealed class FeedCursor(ChangeFeed feed, ChangeFilter filter)
{
    private readonly List<ChangeGroup> _groups = [];
    private int _next;
    private ChangeGroup? _group;
    private ChangeBatches _batches;

    /// <summary>Everything up to here has been looked at.</summary>
    public Position Reached { get; private set; }

    /// <summary>Goes to a position.</summary>
    public void MoveTo(Position position)
    {
        Reached = position;
        _groups.Clear();
        _next = 0;
        _group = null;
        _batches = default;
    }

    /// <summary>
    /// Reads the history that follows the position, if any does, and sees whether the position leads there. Where it goes on with
    /// a sparse group the hash can be compared only if another group ends at the position; elsewhere it is taken as it is.
    /// </summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/> or
    /// <see cref="StorageErrorCode.Diverged"/>.</exception>
    public void VerifyStart()
    {
        if (!feed.ReadAfter(Reached.Revision, _groups))
        {
            return;
        }

        ChangeGroup next = _groups[0];
        bool leadsThere = next.IsSparse
            ? feed.FindHash(Reached.Revision) is not { } hash || hash == Reached.Hash
            : next.Chain(Reached.Revision, Reached.Hash) == next.Hash;
        if (!leadsThere)
        {
            throw WatchStart.ToDiverged(Reached.Revision);
        }
    }

    /// <summary>Looks for the next batch that the watch wants in what has been read.</summary>
    /// <param name="taken">The batch; slices of what has been read, valid until the next call.</param>
    /// <returns>Whether there is one; else <see cref="ReadOn"/>.</returns>
    public bool TryTake(out WatchEvent taken)
    {
        do
        {
            while (_batches.MoveNext())
            {
                ChangeBatch batch = _batches.Current;
                if (batch.Revision > Reached.Revision)
                {
                    Reached = _group!.Move(Reached, batch);
                    if (filter.TryApply(batch, mayShare: true, out FilteredBatch wanted))
                    {
                        taken = WatchEvent.Changes(Reached, _group.CommitTime, wanted.Operations, wanted.Previous);
                        return true;
                    }
                }
            }
        }
        while (TryEnterGroup());

        taken = default;
        return false;
    }

    /// <summary>Reads the next piece, after <see cref="TryTake"/> has found nothing more.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>, or the log could not be read.</exception>
    public void ReadOn()
    {
        _groups.Clear();
        _next = 0;
        feed.ReadAfter(Reached.Revision, _groups);
    }

    private bool TryEnterGroup()
    {
        if (_group is not null && (Reached.Revision != _group.Last || Reached.Hash != _group.Hash))
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"The history from revision {_group.First} to {_group.Last} is damaged: its hash is not that of its batches. Restore the store from a checkpoint.");
        }

        if (_next == _groups.Count)
        {
            MoveTo(Reached);
            return false;
        }

        _group = _groups[_next++];
        _batches = _group.Batches;
        return true;
    }
}
