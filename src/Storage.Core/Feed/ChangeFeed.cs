namespace WsStorage.Core.Feed;

/// <summary>
/// Where a store tells what it commits and watches hear of it. The committing thread publishes each group before it tells its
/// callers; it finds its watches later, on a thread of the pool, so that no writer waits for a reader. Thread-safe.
/// </summary>
/// <remarks>
/// The groups committed last are kept in memory, the tail. A watch that keeps up is told by the dispatcher; one that does
/// not reads on by itself, from the tail or from the <see cref="IChangeLog"/>, until it has caught up.
/// </remarks>
public sealed class ChangeFeed : IDisposable
{
    /// <summary>How much a watch that reads by itself takes at a time, in bytes: it holds that much while its reader is
    /// busy.</summary>
    internal const int PieceBytes = 256 * 1024;

    // What everybody has been told is kept for those who come back, no more than a moment's worth if they can read the log: what lives
    // long is moved by the collector, which takes as long as all else that a watch costs a writer.
    private const long ToldBytes = 1L << 20;

    private const long MaxQueuedBytes = 64L << 20;

    private readonly Lock _gate = new();
    private readonly ChangeFeedOptions _options;
    private readonly GroupTail _tail;
    private readonly FeedDispatcher _dispatcher;
    private readonly HashSet<FeedWatch> _watches = [];
    private Position _head;
    private bool _dispatching;
    private Func<StorageException>? _closed;

    /// <summary>Makes a feed.</summary>
    /// <param name="head">How far the store is.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    public ChangeFeed(Position head, ChangeFeedOptions? options = null)
    {
        _options = options ?? new ChangeFeedOptions();
        _head = head;
        _tail = new GroupTail(head.Revision, _options);
        _dispatcher = new FeedDispatcher(this, head, _options.TimeProvider);
    }

    /// <summary>The position of what was published last.</summary>
    public Position Head
    {
        get
        {
            lock (_gate)
            {
                return _head;
            }
        }
    }

    /// <summary>Everything after this revision is in memory.</summary>
    public Revision TailStart
    {
        get
        {
            lock (_gate)
            {
                return _tail.Start;
            }
        }
    }

    /// <summary>How many bytes of history are in memory.</summary>
    public long TailBytes
    {
        get
        {
            lock (_gate)
            {
                return _tail.ByteCount;
            }
        }
    }

    /// <summary>How many of them the dispatcher tells; the others read by themselves.</summary>
    internal int JoinedCount => _dispatcher.JoinedCount;

    /// <summary>What the queues of all watches may hold together, beyond a little for each.</summary>
    internal QueueBudget QueueBudget { get; } = new(MaxQueuedBytes);

    internal TimeProvider TimeProvider => _options.TimeProvider;

    /// <summary>How many watches there are.</summary>
    internal int WatchCount
    {
        get
        {
            lock (_gate)
            {
                return _watches.Count;
            }
        }
    }

    /// <summary>
    /// Moves the head on without a group, if there is no watch that would miss it: a store that has a log need not copy what
    /// nobody follows.
    /// </summary>
    /// <param name="head">The position after what was committed.</param>
    /// <returns>Whether that is done; otherwise <see cref="Publish"/> the group.</returns>
    public bool TryAdvance(Position head)
    {
        lock (_gate)
        {
            if (_watches.Count > 0)
            {
                return false;
            }

            _tail.Clear(head.Revision);
            MoveHead(head);
            return true;
        }
    }

    /// <summary>Tells of what was committed. To be called in the order of revisions, before anybody is told that it is
    /// committed.</summary>
    /// <param name="group">The group that follows the head; a sparse one, at any revision after it.</param>
    public void Publish(ChangeGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        lock (_gate)
        {
            if (group.IsSparse ? group.First <= _head.Revision : group.First != _head.Revision.Next)
            {
                throw new InvalidOperationException($"Revision {group.First} was published after {_head.Revision}.");
            }

            _tail.Append(group);
            MoveHead(new Position(_head.Epoch, group.Last, group.Hash));
            if (_watches.Count > 0 && !_dispatching)
            {
                _dispatching = true;
                ThreadPool.UnsafeQueueUserWorkItem(_dispatcher, preferLocal: false);
            }
        }
    }

    /// <summary>Lets go of what is in memory up to a revision. Where there is no log, that history is gone.</summary>
    /// <param name="through">The revision, at most that of the head.</param>
    public void Compact(Revision through)
    {
        lock (_gate)
        {
            _tail.RemoveThrough(through);
        }
    }

    /// <summary>Follows changes: <see cref="IStorage.WatchAsync"/>. Each walk over the result is a watch of its own, which
    /// begins when its first event is asked for.</summary>
    /// <param name="options">What to follow and from where.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>The events.</returns>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        new FeedWatchSource(this, options, cancellationToken);

    /// <summary>Ends every watch, and refuses new ones.</summary>
    /// <param name="reason">Makes the error of each.</param>
    public void Close(Func<StorageException> reason)
    {
        FeedWatch[] watches;
        lock (_gate)
        {
            if (_closed is not null)
            {
                return;
            }

            _closed = reason;
            watches = [.. _watches];
        }

        foreach (FeedWatch watch in watches)
        {
            watch.End(reason());
        }

        _dispatcher.Dispose();
    }

    /// <summary>Ends every watch with <see cref="StorageErrorCode.Closed"/>, if it was not closed for another reason.</summary>
    public void Dispose() => Close(() => new StorageException(StorageErrorCode.Closed, "The store has been closed."));

    /// <summary>Takes a watch in: from here on what is committed is kept for it, as far as there is room.</summary>
    /// <returns>The position after which it begins.</returns>
    /// <exception cref="StorageException">It can't begin there.</exception>
    internal Position Enter(FeedWatch watch, Position? after)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed();
            }

            Position start = after ?? _head;
            WatchStart.Check(start, _head, _tail.Start, _options.Log);
            _watches.Add(watch);
            return start;
        }
    }

    /// <summary>Lets go of a watch.</summary>
    internal void Leave(FeedWatch watch)
    {
        _dispatcher.Remove(watch);
        lock (_gate)
        {
            if (_watches.Remove(watch) && _watches.Count == 0 && _options.Log is not null)
            {
                _tail.Clear(_head.Revision);
            }
        }
    }

    /// <summary>Lets the dispatcher tell a watch from here on, if the watch has caught up with it.</summary>
    internal bool TryJoin(FeedWatch watch, Position reached) => _dispatcher.TryJoin(watch, reached);

    /// <summary>Reads the groups that follow a revision, up to a piece of them.</summary>
    /// <returns>Whether there was anything to read.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>, or the log could not be read.</exception>
    internal bool ReadAfter(Revision after, List<ChangeGroup> groups)
    {
        Revision head;
        lock (_gate)
        {
            head = _head.Revision;
            if (after >= head)
            {
                return false;
            }

            if (_tail.TryTake(after, PieceBytes, groups))
            {
                return true;
            }

            if (_options.Log is null)
            {
                throw WatchStart.ToCompacted(after, _tail.Start);
            }
        }

        _options.Log.Read(after, head, PieceBytes, groups);
        return true;
    }

    /// <summary>Finds the hash at a revision before the head, if a group ends there.</summary>
    /// <returns>The hash; none when no group does, or none that is still there.</returns>
    internal ulong? FindHash(Revision revision)
    {
        if (revision == Revision.None)
        {
            return null;
        }

        List<ChangeGroup> groups = [];
        var before = new Revision(revision.Value - 1);
        Revision head;
        lock (_gate)
        {
            head = _head.Revision;
            if (!_tail.TryTake(before, 1, groups) && (_options.Log is null || before < _options.Log.Compacted))
            {
                return null;
            }
        }

        try
        {
            if (groups.Count == 0)
            {
                _options.Log!.Read(before, head, 1, groups);
            }
        }
        catch (StorageException e) when (e.Code == StorageErrorCode.Compacted)
        {
            // Trimmed since it was looked at.
            return null;
        }

        return groups[0].Last == revision ? groups[0].Hash : null;
    }

    /// <summary>Gives the dispatcher what follows, or takes note that it rests.</summary>
    /// <param name="after">How far it is.</param>
    /// <param name="groups">Gets groups; none when the tail does not go back that far.</param>
    /// <returns>Whether there is something to dispatch; else it rests until more is published.</returns>
    internal bool TryTakeForDispatch(Revision after, List<ChangeGroup> groups)
    {
        lock (_gate)
        {
            if (_options.Log is not null)
            {
                _tail.Shrink(after, ToldBytes);
            }

            if (after >= _head.Revision)
            {
                _dispatching = false;
                return false;
            }

            _tail.TryTake(after, PieceBytes, groups);
            return true;
        }
    }

    private void MoveHead(Position head)
    {
        _head = head;
        _options.HeadMoved?.Invoke(head);
    }
}

/// <summary>What a call to watch gives.</summary>
internal sealed class FeedWatchSource(ChangeFeed feed, WatchOptions options, CancellationToken cancellationToken)
    : IAsyncEnumerable<WatchEvent>
{
    public IAsyncEnumerator<WatchEvent> GetAsyncEnumerator(CancellationToken walkCancellation = default) =>
        new FeedWatch(feed, options, cancellationToken, walkCancellation);
}
