namespace WsStorage.RocksDb.Reading;

/// <summary>Lets operations in until it is closed, and tells when the last one has left. Thread-safe.</summary>
internal sealed class OperationGate
{
    private const long ClosedFlag = 1L << 62;
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _state;

    /// <summary>Enters; each entry is followed by <see cref="Exit"/>.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public void Enter()
    {
        if ((Interlocked.Increment(ref _state) & ClosedFlag) != 0)
        {
            Exit();
            throw RocksDbStorage.ToClosed();
        }
    }

    /// <summary>Leaves.</summary>
    public void Exit()
    {
        if (Interlocked.Decrement(ref _state) == ClosedFlag)
        {
            _empty.TrySetResult();
        }
    }

    /// <summary>Lets nobody in from here on; once.</summary>
    /// <returns>Completes when nobody is inside.</returns>
    public Task CloseAsync()
    {
        if (Interlocked.Or(ref _state, ClosedFlag) == 0)
        {
            _empty.TrySetResult();
        }

        return _empty.Task;
    }
}
