namespace WsStorage.Replica.Following;

/// <summary>
/// Holds the applying of changes at a revision, for whoever compares the copy with the source or corrects it. While it is held,
/// nothing is being applied. One at a time may hold it. Thread-safe.
/// </summary>
/// <param name="start">The copy's position.</param>
internal sealed class ApplyGate(Position start)
{
    private readonly Lock _gate = new();
    private Position _applied = start;
    private State _state;
    private Revision _target;
    private Revision? _head;
    private bool _isApplying;
    private TaskCompletionSource? _holder;
    private StorageException? _end;

    private enum State
    {
        Open,
        Closing,
        Reaching,
        Held,
    }

    /// <summary>Beats when more may be applied than before.</summary>
    public Pulse Opened { get; } = new();

    /// <summary>Holds the applying after what is being applied now.</summary>
    /// <returns>The copy's position, when nothing is being applied any more.</returns>
    /// <exception cref="StorageException">The replica does not follow any more.</exception>
    public async Task<Position> HoldAsync(CancellationToken cancellationToken)
    {
        await MoveAsync(State.Closing, default, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            return _applied;
        }
    }

    /// <summary>Lets the copy come to a revision, and holds the applying there.</summary>
    /// <param name="revision">The revision; at once when the copy has it.</param>
    /// <param name="cancellationToken">Ends the wait; the gate is to be released all the same.</param>
    /// <returns>Completes when the copy has all up to the revision and nothing that comes after it.</returns>
    /// <exception cref="StorageException">The replica does not follow any more.</exception>
    public Task ReachAsync(Revision revision, CancellationToken cancellationToken) =>
        MoveAsync(State.Reaching, revision, cancellationToken);

    /// <summary>Holds nothing any more.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _state = State.Open;
            _holder = null;
        }

        Opened.Beat();
    }

    /// <summary>How many of the batches that wait may be applied now. When it is any, <see cref="Applied"/> is to follow.</summary>
    public int Admit(BatchBuffer waiting)
    {
        lock (_gate)
        {
            _head = waiting.Head;
            int admitted = _state switch
            {
                State.Open => waiting.Count,
                State.Reaching => waiting.CountThrough(_target),
                _ => 0,
            };
            _isApplying = admitted > 0;
            Settle();
            return admitted;
        }
    }

    /// <summary>What was admitted has been applied.</summary>
    /// <param name="position">The copy's position now.</param>
    /// <param name="head">The revision of what waits next; none when nothing waits.</param>
    public void Applied(Position position, Revision? head)
    {
        lock (_gate)
        {
            _applied = position;
            _head = head;
            _isApplying = false;
            Settle();
        }
    }

    /// <summary>Nothing is applied any more.</summary>
    public void End(StorageException reason)
    {
        lock (_gate)
        {
            _end = reason;
            _isApplying = false;
            _holder?.TrySetException(reason);
        }
    }

    private async Task MoveAsync(State state, Revision target, CancellationToken cancellationToken)
    {
        Task moved;
        lock (_gate)
        {
            if (_end is not null)
            {
                throw new StorageException(_end.Code, _end.Message, _end.Outcome, _end);
            }

            (_state, _target) = (state, target);
            _holder = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            moved = _holder.Task;
            Settle();
        }

        Opened.Beat();
        await moved.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Settle()
    {
        if (_isApplying)
        {
            return;
        }

        // What waits comes after the target: nothing before it can still come.
        bool isThere = _state == State.Closing
            || (_state == State.Reaching && (_applied.Revision >= _target || _head > _target));
        if (isThere)
        {
            _state = State.Held;
            _holder?.TrySetResult();
        }
    }
}
