namespace WsStorage.Core.Feed;

/// <summary>
/// One watch. While it keeps up, the dispatcher tells it, by handing an event to the reader who waits or through a small
/// queue. When the queue is full it is detached, reads history by itself, and joins again once it has caught up.
/// </summary>
internal sealed class FeedWatch : IAsyncEnumerator<WatchEvent>, IRangeIndexed
{
    private readonly Lock _gate = new();
    private readonly ChangeFeed _feed;
    private readonly WatchOptions _options;
    private readonly CancellationToken _first;
    private readonly CancellationToken _second;
    private readonly FeedCursor _cursor;
    private readonly WatchQueue _queue;
    private readonly ReaderWait _wait;
    private CancellationTokenRegistration _firstRegistration;
    private CancellationTokenRegistration _secondRegistration;
    private bool _begun;
    private bool _joined;
    private Position _joinedAt;
    private Position? _detachedAt;
    private Position? _mark;
    private long _lastTold;
    private long _lastRead;
    private Exception? _end;
    // What the reader has: the rest of what it was told at once; or one event of other origin.
    private ReadOnlyMemory<ToldBatch> _reading;
    private int _read;
    private WatchEvent _single;
    private bool _isOnCursor;

    public FeedWatch(ChangeFeed feed, WatchOptions options, CancellationToken first, CancellationToken second)
    {
        _feed = feed;
        _options = options;
        _first = first;
        _second = second;
        Filter = new ChangeFilter(options);
        _cursor = new FeedCursor(feed, Filter);
        _queue = new WatchQueue(feed.QueueBudget);
        _wait = new ReaderWait(TryReadOn);
    }

    public WatchEvent Current => _reading.IsEmpty ? _single : _reading.Span[_read].Event;

    public ChangeFilter Filter { get; }

    public TimeSpan ProgressInterval => _options.ProgressInterval;

    /// <summary>The revision of the last event that it was told, or that waits for its reader.</summary>
    public Revision Told { get; private set; }

    /// <summary>Its place in the dispatcher's index; negative while it is not there. Guarded by the dispatcher.</summary>
    public int Place { get; set; } = -1;

    public ValueTask<bool> MoveNextAsync()
    {
        try
        {
            if (!_begun)
            {
                _begun = true;
                Begin();
                return ValueTask.FromResult(true);
            }

            if (_read + 1 < _reading.Length && Volatile.Read(ref _end) is null)
            {
                _read++;
                return ValueTask.FromResult(true);
            }

            if (_isOnCursor && Volatile.Read(ref _end) is null && TryTakeFromCursor())
            {
                return ValueTask.FromResult(true);
            }

            _reading = default;
            _read = 0;
            _isOnCursor = false;
            ValueTask<bool> wait = _wait.Begin();
            WatchFinding finding = TryFind();
            if (finding == WatchFinding.ReadOn)
            {
                // It may read a lot before it finds something: not on the caller's thread.
                _wait.ReadOn();
            }

            return finding == WatchFinding.Event ? ValueTask.FromResult(true) : wait;
        }
        catch (Exception e)
        {
            return ValueTask.FromException<bool>(ToEnd(e));
        }
    }

    public ValueTask DisposeAsync()
    {
        End(new StorageException(StorageErrorCode.Closed, "The watch has been disposed of."));
        _firstRegistration.Unregister();
        _secondRegistration.Unregister();
        _reading = default;
        _single = default;
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the watch: the reader who waits, or asks next, is told why. The first reason is kept.</summary>
    public void End(Exception reason)
    {
        lock (_gate)
        {
            if (_end is null)
            {
                _end = reason;
                _queue.Clear();
                if (_wait.TryTake())
                {
                    _wait.Fail(reason);
                }
            }
        }

        _feed.Leave(this);
    }

    /// <summary>The dispatcher tells the watch from here on. Called under the dispatcher's lock.</summary>
    /// <returns>Whether it does; not once the watch has ended.</returns>
    public bool Join(Position reached)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                return false;
            }

            _joined = true;
            _joinedAt = reached;
            return true;
        }
    }

    /// <summary>Tells of batches, in their order. Called under the dispatcher's lock.</summary>
    /// <param name="told">The batches that it wants of a group.</param>
    /// <param name="now">A timestamp, for progress marks.</param>
    /// <returns>Whether to go on telling; else the watch reads on by itself from where it was told last.</returns>
    public bool Offer(ReadOnlyMemory<ToldBatch> told, long now)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                return false;
            }

            // It had read further by itself than the dispatcher was when it joined.
            while (!told.IsEmpty && told.Span[0].Event.Revision <= _joinedAt.Revision)
            {
                told = told[1..];
            }

            if (told.IsEmpty)
            {
                return true;
            }

            _mark = null;
            bool wake = _wait.TryTake();
            if (wake)
            {
                // The first is the reader's in any case.
                _reading = told[..1];
                SetTold(told.Span[0].Event.Revision, now);
                told = told[1..];
            }

            int queued = _queue.Add(told);
            if (queued > 0)
            {
                SetTold(told.Span[queued - 1].Event.Revision, now);
            }

            if (queued < told.Length)
            {
                _joined = false;
                _detachedAt = told.Span[queued].Before;
            }

            if (wake)
            {
                _wait.Wake();
            }

            return _joined;
        }
    }

    /// <summary>The dispatcher tells the watch no more, since it has fallen behind. Called under its lock.</summary>
    /// <param name="dispatched">Up to where the watch has been told.</param>
    public void Detach(Position dispatched)
    {
        lock (_gate)
        {
            _joined = false;
            _detachedAt = dispatched.Revision > _joinedAt.Revision ? dispatched : _joinedAt;
            if (_wait.TryTake())
            {
                _wait.ReadOn();
            }
        }
    }

    /// <summary>Tells how far the watch is complete, if it is due. Called under the dispatcher's lock.</summary>
    /// <param name="dispatched">Up to where the watch has been told.</param>
    /// <param name="now">A timestamp.</param>
    /// <returns>In how long it may be due; the longest time there is when there is nothing to tell.</returns>
    public TimeSpan OfferMark(Position dispatched, long now)
    {
        lock (_gate)
        {
            if (_end is not null || dispatched.Revision <= Told)
            {
                return TimeSpan.MaxValue;
            }

            TimeSpan left = ProgressInterval - _feed.TimeProvider.GetElapsedTime(_lastTold, now);
            if (left > TimeSpan.Zero)
            {
                return left;
            }

            if (_wait.TryTake())
            {
                _single = WatchEvent.Progress(dispatched);
                _wait.Wake();
            }
            else
            {
                _mark = dispatched;
            }

            SetTold(dispatched.Revision, now);
            return TimeSpan.MaxValue;
        }
    }

    private void Begin()
    {
        _options.Validate();
        _first.ThrowIfCancellationRequested();
        _second.ThrowIfCancellationRequested();
        _cursor.MoveTo(_feed.Enter(this, _options.After));
        if (_options.After is not null)
        {
            _cursor.VerifyStart();
        }

        SetTold(_cursor.Reached.Revision, _feed.TimeProvider.GetTimestamp());
        _single = WatchEvent.Progress(_cursor.Reached);
        _firstRegistration = Register(_first);
        _secondRegistration = Register(_second);
    }

    private CancellationTokenRegistration Register(CancellationToken token) => token.UnsafeRegister(
        static (state, token) => ((FeedWatch)state!).End(new OperationCanceledException(token)), this);

    /// <summary>Reads on for the reader who waits, on a thread of the pool.</summary>
    /// <returns>Whether he has an event.</returns>
    private bool TryReadOn()
    {
        try
        {
            WatchFinding finding = TryFind();
            if (finding == WatchFinding.ReadOn)
            {
                _lastRead = _feed.TimeProvider.GetTimestamp();
                _cursor.ReadOn();
                finding = TryFind();
            }

            if (finding == WatchFinding.Event || (finding == WatchFinding.ReadOn && TryMarkReached()))
            {
                return true;
            }

            if (finding == WatchFinding.ReadOn)
            {
                // Others get their turn on the thread between pieces.
                _wait.ReadOn();
            }
        }
        catch (Exception e)
        {
            _wait.Fail(ToEnd(e));
        }

        return false;
    }

    /// <summary>Looks for the next event, as far as that needs no reading; or lets the reader wait for it.</summary>
    private WatchFinding TryFind()
    {
        while (true)
        {
            lock (_gate)
            {
                if (TryFindTold())
                {
                    return WatchFinding.Event;
                }

                if (_joined)
                {
                    _wait.IsWaiting = true;
                    return WatchFinding.Wait;
                }

                if (_detachedAt is { } detachedAt)
                {
                    _detachedAt = null;
                    _cursor.MoveTo(detachedAt);
                }
            }

            if (TryTakeFromCursor())
            {
                return WatchFinding.Event;
            }

            if (!_feed.TryJoin(this, _cursor.Reached))
            {
                return WatchFinding.ReadOn;
            }
        }
    }

    /// <summary>Takes the next event from what it has read by itself. Once it has, and until it finds none, nobody else tells it
    /// anything: it joins only when it has found none.</summary>
    private bool TryTakeFromCursor()
    {
        _isOnCursor = _cursor.TryTake(out _single);
        if (_isOnCursor)
        {
            SetTold(_single.Revision, _lastRead);
        }

        return _isOnCursor;
    }

    private bool TryFindTold()
    {
        if (_end is not null)
        {
            throw _end;
        }

        if (_queue.TryTake(out _reading))
        {
            return true;
        }

        if (_mark is { } mark)
        {
            _mark = null;
            _single = WatchEvent.Progress(mark);
            return true;
        }

        return false;
    }

    /// <summary>One who reads a lot in which nothing is wanted tells how far it is, too.</summary>
    private bool TryMarkReached()
    {
        if (_cursor.Reached.Revision <= Told || _feed.TimeProvider.GetElapsedTime(_lastTold, _lastRead) < ProgressInterval)
        {
            return false;
        }

        SetTold(_cursor.Reached.Revision, _lastRead);
        _single = WatchEvent.Progress(_cursor.Reached);
        return true;
    }

    private void SetTold(Revision revision, long now)
    {
        Told = revision;
        _lastTold = now;
    }

    private Exception ToEnd(Exception exception)
    {
        End(exception is StorageException or OperationCanceledException
            ? exception
            : new StorageException(
                StorageErrorCode.Internal, $"The watch failed by a defect: {exception.Message}", WriteOutcome.NotApplied, exception));
        return _end!;
    }
}
