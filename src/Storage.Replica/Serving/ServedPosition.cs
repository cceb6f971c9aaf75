namespace WsStorage.Replica.Serving;

/// <summary>How far the copy is that is read, and who waits for it to be further. Thread-safe.</summary>
internal sealed class ServedPosition
{
    private readonly Lock _gate = new();
    private readonly SortedSet<Waiter> _waiters = [];
    private readonly Pulse _replaced = new();
    private Position? _position;
    private bool _isStale;
    private bool _closed;
    private long _count;
    private long _history;

    /// <summary>The position; none before there is a copy to read.</summary>
    public Position? Position
    {
        get
        {
            lock (_gate)
            {
                return _position;
            }
        }
    }

    /// <summary>The position, and a number that is another one when the copy that is read is of another history.</summary>
    public (Position? Position, long History) Look()
    {
        lock (_gate)
        {
            return (_position, _history);
        }
    }

    /// <summary>Whether the copy is known to be of another history than the source's.</summary>
    public bool IsStale
    {
        get
        {
            lock (_gate)
            {
                return _isStale;
            }
        }
    }

    /// <summary>The copy is further.</summary>
    public void Reach(Position position)
    {
        lock (_gate)
        {
            _position = position;
            if (_isStale)
            {
                return;
            }

            while (_waiters.Min is { } waiter && waiter.Revision <= position.Revision)
            {
                _waiters.Remove(waiter);
                waiter.Reached.TrySetResult();
            }
        }
    }

    /// <summary>Another copy is read.</summary>
    public void Replace(Position position)
    {
        lock (_gate)
        {
            _history += _isStale || _position?.Epoch != position.Epoch ? 1 : 0;
            _isStale = false;
        }

        Reach(position);
        _replaced.Beat();
    }

    /// <summary>The copy is of another history than the source's: what is waited for comes with the next one.</summary>
    public void SetStale()
    {
        lock (_gate)
        {
            _isStale = _position is not null;
        }
    }

    /// <summary>Whether the copy that is read has a revision.</summary>
    public bool Has(Revision revision)
    {
        lock (_gate)
        {
            return !_isStale && _position is { } position && position.Revision >= revision;
        }
    }

    /// <summary>Waits until the copy has a revision.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public async Task WaitAsync(Revision revision, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            CheckOpen();
            if (!_isStale && _position is { } position && position.Revision >= revision)
            {
                return;
            }

            waiter = new Waiter(revision, ++_count);
            _waiters.Add(waiter);
        }

        try
        {
            await waiter.Reached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    /// <summary>Waits until the copy is of another epoch.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public Task WaitForOtherEpochAsync(Guid epoch, CancellationToken cancellationToken) =>
        WaitUntilAsync(() => _position is { } position && position.Epoch != epoch, cancellationToken);

    /// <summary>Waits until the copy is of another history than that of a number (<see cref="Look"/>).</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public Task WaitForOtherHistoryAsync(long history, CancellationToken cancellationToken) =>
        WaitUntilAsync(() => _history != history, cancellationToken);

    /// <summary>Ends all waiting.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (Waiter waiter in _waiters)
            {
                waiter.Reached.TrySetException(CopyLeases.Closed());
            }
        }

        _replaced.Beat();
    }

    private async Task WaitUntilAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task replaced = _replaced.Next;
            lock (_gate)
            {
                CheckOpen();
                if (isSo())
                {
                    return;
                }
            }

            await replaced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void CheckOpen()
    {
        if (_closed)
        {
            throw CopyLeases.Closed();
        }
    }

    private sealed class Waiter(Revision revision, long number) : IComparable<Waiter>
    {
        public Revision Revision { get; } = revision;

        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private long Number { get; } = number;

        public int CompareTo(Waiter? other)
        {
            int order = Revision.CompareTo(other!.Revision);
            return order != 0 ? order : Number.CompareTo(other.Number);
        }
    }
}
