using System.Threading.Tasks.Sources;

namespace WsStorage.Core.Feed;

/// <summary>
/// One watch. While it keeps up, the dispatcher tells it, by handing an event to the reader who waits or through a small
/// queue. When the queue is full it is detached, reads history by itself, and joins again once it has caught up.
/// </summary>
internal sealed class FeedWatch : IAsyncEnumerator<WatchEvent>, IValueTaskSource<bool>, IThreadPoolWorkItem, IRangeIndexed
{
    private readonly Lock _gate = new();
    private readonly ChangeFeed _feed;
    private readonly WatchOptions _options;
    private readonly CancellationToken _first;
    private readonly CancellationToken _second;
    private readonly FeedCursor _cursor;
    private readonly WatchQueue _queue;
    private ManualResetValueTaskSourceCore<bool> _wait;
    private CancellationTokenRegistration _firstRegistration;
    private CancellationTokenRegistration _secondRegistration;
    private bool _begun;
    private bool _joined;
    private bool _waiting;
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

    public FeedWatch(ChangeFeed feed, WatchOptions options, CancellationToken first, CancellationToken second)
    {
        _feed = feed;
        _options = options;
        _first = first;
        _second = second;
        Filter = new ChangeFilter(options);
        _cursor = new FeedCursor(feed, Filter);
        _queue = new WatchQueue(feed.QueueBudget);

        // A reader's continuation runs neither on the dispatcher nor under a lock.
        _wait.RunContinuationsAsynchronously = true;
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

            _reading = default;
            _read = 0;
            _wait.Reset();
            switch (TryFind())
            {
                case WatchFinding.Event:
                    return ValueTask.FromResult(true);
                case WatchFinding.ReadOn:
                    // It may read a lot before it finds something: not on the caller's thread.
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    break;
            }

            return new ValueTask<bool>(this, _wait.Version);
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
                if (TakeWaiting())
                {
                    _wait.SetException(reason);
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
            bool wake = TakeWaiting();
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
                _wait.SetResult(true);
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
            if (TakeWaiting())
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
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

            if (TakeWaiting())
            {
                _single = WatchEvent.Progress(dispatched);
                _wait.SetResult(true);
            }
            else
            {
                _mark = dispatched;
            }

            SetTold(dispatched.Revision, now);
            return TimeSpan.MaxValue;
        }
    }

    /// <summary>Reads on for the reader who waits. Runs on the pool.</summary>
    void IThreadPoolWorkItem.Execute()
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
                _wait.SetResult(true);
            }
            else if (finding == WatchFinding.ReadOn)
            {
                // Others get their turn on the thread between pieces.
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }
        catch (Exception e)
        {
            _wait.SetException(ToEnd(e));
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

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
                    _waiting = true;
                    return WatchFinding.Wait;
                }

                if (_detachedAt is { } detachedAt)
                {
                    _detachedAt = null;
                    _cursor.MoveTo(detachedAt);
                }
            }

            if (_cursor.TryTake(out _single))
            {
                SetTold(_single.Revision, _lastRead);
                return WatchFinding.Event;
            }

            if (!_feed.TryJoin(this, _cursor.Reached))
            {
                return WatchFinding.ReadOn;
            }
        }
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

    private bool TakeWaiting()
    {
        bool waiting = _waiting;
        _waiting = false;
        return waiting;
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
