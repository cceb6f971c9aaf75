namespace WsStorage.Outbox;

/// <summary>What is said of delivery. Thread-safe.</summary>
internal sealed class DeliveryState
{
    private readonly Lock _gate = new();
    private OutboxState _state;
    private string? _problem;
    private long _conflicts;

    /// <summary>What is wrong; none while all is well.</summary>
    public string? Problem => Read().Problem;

    public (OutboxState State, string? Problem, long Conflicts) Read()
    {
        lock (_gate)
        {
            return (_state, _problem, _conflicts);
        }
    }

    public void Succeed() => Set(OutboxState.Delivering, null);

    public void Fail(string problem) => Set(OutboxState.Retrying, problem);

    public void Stop(string problem) => Set(OutboxState.Stopped, problem);

    public void Close()
    {
        lock (_gate)
        {
            _state = OutboxState.Closed;
        }
    }

    public void CountConflict()
    {
        lock (_gate)
        {
            _conflicts++;
        }
    }

    private void Set(OutboxState state, string? problem)
    {
        lock (_gate)
        {
            _state = state;
            _problem = problem;
        }
    }
}

/// <summary>Delivery can't go on until somebody does something about it.</summary>
internal sealed class DeliveryStoppedException(StorageException reason) : Exception(reason.Message, reason)
{
    public StorageException Reason { get; } = reason;
}
