namespace WsStorage.WsServer;

/// <summary>
/// How much of a session is under way, so that it can be bounded, and waited for when the server stops. Thread-safe.
/// </summary>
internal sealed class SessionLoad(long maxBytes)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _roomWaiter;
    private TaskCompletionSource? _idleWaiter;
    private int _requests;
    private int _unanswered;
    private long _bytes;
    private volatile bool _draining;

    /// <summary>How many requests are under way.</summary>
    public int InFlight => Volatile.Read(ref _requests);

    /// <summary>How many requests the client may not know the answer of.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Whether more bytes are under way than may be.</summary>
    public bool IsFull => Volatile.Read(ref _bytes) >= maxBytes;

    /// <summary>Whether no new request is taken.</summary>
    public bool IsDraining => _draining;

    public void Begin(int requests = 1, long bytes = 0)
    {
        lock (_gate)
        {
            _requests += requests;
            Interlocked.Add(ref _unanswered, requests);
            _bytes += bytes;
        }
    }

    /// <summary>
    /// Stops counting requests against what the client may send. Before their last reply is posted: the client may send the
    /// next ones as soon as it has read that.
    /// </summary>
    /// <param name="requests">How many.</param>
    public void Answer(int requests = 1) => Interlocked.Add(ref _unanswered, -requests);

    /// <summary>Requests are no longer under way. After their last reply is posted, so that a drain does not miss it.</summary>
    /// <param name="requests">How many; each was told to <see cref="Answer"/>.</param>
    /// <param name="bytes">As they began with.</param>
    public void End(int requests = 1, long bytes = 0)
    {
        TaskCompletionSource? room = null;
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            _requests -= requests;
            _bytes -= bytes;
            if (_bytes < maxBytes)
            {
                room = _roomWaiter;
                _roomWaiter = null;
            }

            if (_requests == 0)
            {
                idle = _idleWaiter;
                _idleWaiter = null;
            }
        }

        room?.TrySetResult();
        idle?.TrySetResult();
    }

    /// <summary>Waits until fewer bytes are under way than may be.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _bytes < maxBytes ? Task.CompletedTask : NewWaiter(ref _roomWaiter);
        }
    }

    /// <summary>Takes no new request, and waits until none is under way.</summary>
    public Task DrainAsync()
    {
        _draining = true;
        return WaitForIdleAsync();
    }

    /// <summary>Waits until no request is under way.</summary>
    public Task WaitForIdleAsync()
    {
        lock (_gate)
        {
            return _requests == 0 ? Task.CompletedTask : NewWaiter(ref _idleWaiter);
        }
    }

    private static Task NewWaiter(ref TaskCompletionSource? waiter)
    {
        waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return waiter.Task;
    }
}
