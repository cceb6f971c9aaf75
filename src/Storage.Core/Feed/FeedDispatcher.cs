namespace WsStorage.Core.Feed;

/// <summary>
/// Takes published groups to the watches that have kept up and are interested: one work item of the pool at a time, however
/// many watches there are. Thread-safe.
/// </summary>
/// <remarks>
/// Its lock is held for one group at a time. It is taken before those of the watches and of the feed, never after.
/// </remarks>
internal sealed class FeedDispatcher : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _gate = new();
    private readonly ChangeFeed _feed;
    private readonly RangeIndex<FeedWatch> _index = new();
    private readonly ProgressMarks _marks;
    private readonly List<ChangeGroup> _groups = [];
    private readonly GroupDelivery _delivery = new();
    private Position _dispatched;

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
        lock (_gate)
        {
            if (!_index.IsEmpty)
            {
                _marks.Arm();
            }

            _dispatched = _delivery.Deliver(group, _dispatched, _index, now);
        }
    }
}
