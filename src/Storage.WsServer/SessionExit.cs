using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The one door out of a session: says what waits to be said, then why nothing more will be. The first reason counts. Keeps the
/// session's only timer, which bounds the close once there is one. Thread-safe.
/// </summary>
internal sealed class SessionExit
{
    private readonly Lock _gate = new();
    private readonly IMessageTransport _transport;
    private readonly MessageOutbox _outbox;
    private readonly Action _onClosing;
    private readonly Action _onTimer;
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _reason;
    private bool _isClosing;

    /// <summary>Makes the door.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="outbox">What waits to be said.</param>
    /// <param name="timeProvider">Tells the time.</param>
    /// <param name="onClosing">Called before what waits to be said is said: stops what would add to it for ever.</param>
    /// <param name="onTimer">Called when a time that was set is over, unless the session is closing.</param>
    public SessionExit(IMessageTransport transport, MessageOutbox outbox, TimeProvider timeProvider, Action onClosing, Action onTimer)
    {
        _transport = transport;
        _outbox = outbox;
        _onClosing = onClosing;
        _onTimer = onTimer;
        _timer = timeProvider.CreateTimer(
            static state => ((SessionExit)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether a close is under way or done.</summary>
    public bool IsClosing
    {
        get
        {
            lock (_gate)
            {
                return _isClosing;
            }
        }
    }

    /// <summary>Why the session ended.</summary>
    public string Reason => _reason ?? "The connection ended.";

    /// <summary>Notes why the session ends, if nothing was noted before.</summary>
    /// <param name="reason">Why.</param>
    public void Note(string reason) => Interlocked.CompareExchange(ref _reason, reason, null);

    /// <summary>Closes. A client that does not take it, or does not answer, is cut off.</summary>
    /// <param name="reason">Why.</param>
    /// <returns>Completes when the client has been told, or can't be.</returns>
    public Task CloseAsync(CloseReason reason)
    {
        lock (_gate)
        {
            if (_isClosing)
            {
                return _closed.Task;
            }

            _isClosing = true;
            _timer.Change(SessionContext.CloseTimeout, Timeout.InfiniteTimeSpan);
        }

        Note(reason.Text);
        return CloseCoreAsync(reason);
    }

    /// <summary>Ends the connection at once.</summary>
    /// <param name="reason">Why.</param>
    public void CutOff(string reason)
    {
        Note(reason);
        _transport.Abort();
    }

    /// <summary>Sets the timer, unless it bounds the close already.</summary>
    /// <param name="dueTime">The time, or infinite to stop it.</param>
    public void SetTimer(TimeSpan dueTime)
    {
        lock (_gate)
        {
            if (!_isClosing)
            {
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Gives the timer up, when the session is over.</summary>
    /// <returns>Completes when it does not fire any more.</returns>
    public ValueTask StopTimerAsync() => _timer.DisposeAsync();

    private async Task CloseCoreAsync(CloseReason reason)
    {
        try
        {
            _onClosing();
            await _outbox.DrainAsync().ConfigureAwait(false);
            _outbox.Stop();
            await _transport.CloseAsync(reason).ConfigureAwait(false);
        }
        finally
        {
            _closed.TrySetResult();
        }
    }

    private void OnTimer()
    {
        if (IsClosing)
        {
            _transport.Abort();
        }
        else
        {
            _onTimer();
        }
    }
}
