using System.Threading.Tasks.Sources;

namespace WsStorage.Core.Feed;

/// <summary>
/// The wait of a watch's reader for an event, begun anew for each. Only one at a time may end it: who has taken it
/// (<see cref="TryTake"/>), or what reads on for it.
/// </summary>
/// <param name="tryReadOn">Reads on for the reader; returns whether he has an event now.</param>
internal sealed class ReaderWait(Func<bool> tryReadOn) : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private bool _isWoken;

    /// <summary>Whether the reader waits to be told. Guarded by the watch.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>Begins a wait. For the reader, who does not wait yet.</summary>
    /// <returns>Completes when there is an event. To be awaited once, or dropped if there is one already.</returns>
    public ValueTask<bool> Begin()
    {
        _core.Reset();

        // Who ends the watch does not go on with what its reader does.
        _core.RunContinuationsAsynchronously = true;
        return new ValueTask<bool>(this, _core.Version);
    }

    /// <summary>Takes the wait, to end it. Guarded by the watch.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryTake()
    {
        bool isWaiting = IsWaiting;
        IsWaiting = false;
        return isWaiting;
    }

    /// <summary>
    /// Lets the reader go on, who has an event: after those who were let go on before, and before what these begin, such as a
    /// send. So what many watches of one client are told at once goes out together. Returns at once.
    /// </summary>
    public void Wake()
    {
        _isWoken = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Reads on for the reader, on a thread of the pool.</summary>
    public void ReadOn() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>Ends the wait with a failure. Returns at once.</summary>
    /// <param name="reason">What the reader is told.</param>
    public void Fail(Exception reason) => _core.SetException(reason);

    /// <summary>Runs on the pool.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_isWoken || tryReadOn())
        {
            _isWoken = false;

            // The reader goes on on this thread.
            _core.RunContinuationsAsynchronously = false;
            _core.SetResult(true);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
