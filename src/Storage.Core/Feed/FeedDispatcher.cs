namespace WsStorage.Core.Feed;

/// <summary>
/// Takes published groups to the watches that have kept up and are interested: one work item of the pool at a time, however
/// many watches there are. Thread-safe.
/// </summary>
/// <remarks>
/// Its lock is held for one batch at a time. It is taken before those of the watches and of the feed, never after.
/// </remarks>
internal sealed class FeedDispatcher : IThreadPoolWorkItem, IDisposable
{
    private const int FilterCount = 4;

    private readonly Lock _gate = new();
    private readonly ChangeFeed _feed;
    private readonly RangeIndex<FeedWatch> _index = new();
    private readonly ProgressMarks _marks;
    private readonly List<ChangeGroup> _groups = [];
    private readonly List<IndexedRange<FeedWatch>> _found = [];
    private readonly FilteredBatch?[] _filtered = new FilteredBatch?[FilterCount];
    private readonly bool[] _isFiltered = new bool[FilterCount];
    private Position _dispatched;
    private long _search;

    public FeedDispatcher(ChangeFeed feed, Position head, TimeProvider time)
    {
        _feed = feed;
        _dispatched = head;
        _marks = new ProgressMarks(this, time);
    }

    /// <summary>How many watches are told.</summary>
    public int JoinedCount
    {
        get
        {
            lock (_gate)
            {
                List<FeedWatch> watches = [];
                _index.CopyTo(watches);
                return watches.Count;
            }
        }
    }

    /// <summary>Tells a watch from here on, if what it has reached is not behind what has been dispatched.</summary>
    /// <returns>Whether it is told now, or needs to be told nothing more, because it has ended.</returns>
    public bool TryJoin(FeedWatch watch, Position reached)
    {
        lock (_gate)
        {
            // Nobody has been told what came while there was nobody: the first to join must have seen all of it.
            Position needed = _index.IsEmpty ? _feed.Head : _dispatched;
            if (reached.Revision < needed.Revision)
            {
                return false;
            }

            if (_index.IsEmpty)
            {
                _dispatched = reached;
            }

            if (watch.Join(reached))
            {
                _index.Add(watch.Filter.Range, watch);
                _marks.Add(watch, isBehind: watch.Told < _dispatched.Revision);
            }

            return true;
        }
    }

    /// <summary>Tells a watch no more.</summary>
    public void Remove(FeedWatch watch)
    {
        lock (_gate)
        {
            if (watch.Place >= 0)
            {
                _index.Remove(watch.Filter.Range, watch);
                watch.Place = -1;
            }
        }
    }

    /// <summary>Dispatches what has been published, until there is nothing more.</summary>
    public void Execute()
    {
        try
        {
            while (TryTakeGroups())
            {
                if (_groups.Count == 0)
                {
                    FallBehind();
                }

                foreach (ChangeGroup group in _groups)
                {
                    Dispatch(group);
                }
            }
        }
        catch (Exception e)
        {
            // A defect, or no memory. No watch may go on as if nothing had happened.
            _feed.Close(() => new StorageException(
                StorageErrorCode.Internal, $"The change feed failed by a defect: {e.Message}", WriteOutcome.NotApplied, e));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _marks.Dispose();
        }
    }

    /// <summary>Gives marks to the watches that are due. Called by the timer.</summary>
    public void OnMarksDue()
    {
        lock (_gate)
        {
            // Nothing is being dispatched now: a watch that has nothing waiting has been told everything up to here.
            _marks.Give(_index, _dispatched);
        }
    }

    private bool TryTakeGroups()
    {
        _groups.Clear();
        lock (_gate)
        {
            if (_index.IsEmpty)
            {
                _dispatched = _feed.Head;
            }

            return _feed.TryTakeForDispatch(_dispatched.Revision, _groups);
        }
    }

    /// <summary>More was committed than the tail holds, before it could be dispatched: the watches read it by
    /// themselves.</summary>
    private void FallBehind()
    {
        lock (_gate)
        {
            List<FeedWatch> watches = [];
            _index.CopyTo(watches);
            _index.Clear();
            foreach (FeedWatch watch in watches)
            {
                watch.Place = -1;
                watch.Detach(_dispatched);
            }
        }
    }

    private void Dispatch(ChangeGroup group)
    {
        long now = _feed.TimeProvider.GetTimestamp();
        ChangeBatches batches = group.Batches;
        while (batches.MoveNext())
        {
            lock (_gate)
            {
                // A watch that was the first to join may have moved the dispatcher on.
                if (group.IsNext(batches.Current, _dispatched.Revision))
                {
                    Dispatch(group, batches.Current, now);
                }
            }
        }
    }

    private void Dispatch(ChangeGroup group, in ChangeBatch batch, long now)
    {
        if (!_index.IsEmpty)
        {
            _marks.Arm();
        }

        Position before = _dispatched;
        Position after = group.Move(before, batch);
        _search++;
        foreach (BatchOperation operation in new BatchOperations(batch.Operations.Span))
        {
            if (operation.Kind == BatchOperationKind.RemoveRange)
            {
                _index.FindMeeting(operation.Key, operation.End, _search, _found);
            }
            else
            {
                _index.FindHolding(operation.Key, _search, _found);
            }
        }

        foreach (IndexedRange<FeedWatch> range in _found)
        {
            Deliver(range, group, batch, new Delivery(before, after, group.CommitTime, now));
        }

        _found.Clear();
        _dispatched = after;
    }

    private void Deliver(IndexedRange<FeedWatch> range, ChangeGroup group, in ChangeBatch batch, in Delivery delivery)
    {
        Array.Clear(_isFiltered);
        bool mayShare = MayShare(range.Range, group, batch);

        // From the end, since a watch that falls behind is replaced by the last one.
        for (int i = range.Items.Count - 1; i >= 0; i--)
        {
            FeedWatch watch = range.Items[i];
            int filter = (watch.Filter.KeysOnly ? 1 : 0) + (watch.Filter.WantsPrevious ? 2 : 0);
            if (!_isFiltered[filter])
            {
                _isFiltered[filter] = true;
                _filtered[filter] = watch.Filter.TryApply(batch, mayShare, out FilteredBatch wanted) ? wanted : null;
            }

            if (_filtered[filter] is { } filtered && !watch.Offer(filtered, delivery))
            {
                range.Remove(watch);
                watch.Place = -1;
            }
        }

        Array.Clear(_filtered);
        if (range.Items.Count == 0)
        {
            _index.RemoveEmpty(range);
        }
    }

    /// <summary>
    /// A slice keeps its whole group alive while it waits in a queue. Where all is watched, and nothing but operations is in
    /// the group, the slices that wait are together as large as the groups; else one must be a good part of its group.
    /// </summary>
    private static bool MayShare(KeyRange range, ChangeGroup group, in ChangeBatch batch) =>
        (range.Start.IsEmpty && range.End.IsEmpty && !group.HasPrevious) || batch.Operations.Length >= group.Body.Length / 4;
}

/// <summary>What a batch has in common for all watches.</summary>
/// <param name="Before">The position before it.</param>
/// <param name="After">The position after it.</param>
/// <param name="CommitTime">When it was committed.</param>
/// <param name="Now">A timestamp, for progress marks.</param>
internal readonly record struct Delivery(Position Before, Position After, DateTimeOffset CommitTime, long Now);
