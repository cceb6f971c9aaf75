namespace WsStorage.RocksDb.Commit;

/// <summary>
/// The requests that wait to be committed, in the order of their calls, and who commits: the committing thread, or, when nobody
/// does and nothing waits, a caller. Bounded in bytes. Thread-safe.
/// </summary>
/// <param name="maxBytes">How many bytes may wait.</param>
internal sealed class CommitQueue(long maxBytes)
{
    private readonly object _gate = new();
    private CommitRequest? _first;
    private CommitRequest? _last;
    private long _bytes;
    private bool _waiting;
    private bool _committing;
    private StorageException? _closed;

    /// <summary>Adds a request at the end, or leaves it to its caller.</summary>
    /// <param name="request">The request.</param>
    /// <param name="mayCommit">Whether its caller may commit it: that saves two changes of threads.</param>
    /// <returns>Whether the caller has to commit it, and to call <see cref="EndCommit"/> then.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LimitExceeded"/>, or why the queue is closed.</exception>
    public bool Add(CommitRequest request, bool mayCommit)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw new StorageException(_closed.Code, _closed.Message, WriteOutcome.NotApplied, _closed.InnerException);
            }

            if (_first is not null && _bytes + request.ByteCount > maxBytes)
            {
                throw new StorageException(
                    StorageErrorCode.LimitExceeded,
                    $"{_bytes} bytes of writes are waiting, and {nameof(RocksDbOptions.MaxPendingBytes)} is {maxBytes}. Await writes before sending more, or raise it.");
            }

            if (mayCommit && _first is null && !_committing)
            {
                _committing = true;
                return true;
            }

            if (_last is null)
            {
                _first = request;
            }
            else
            {
                _last.Next = request;
            }

            _last = request;
            _bytes += request.ByteCount;
            Wake();
            return false;
        }
    }

    /// <summary>Who was committing does so no longer.</summary>
    public void EndCommit()
    {
        lock (_gate)
        {
            _committing = false;
            Wake();
        }
    }

    /// <summary>
    /// Takes every request that waits, as a chain, for the committing thread; blocks until there is one and nobody else commits.
    /// </summary>
    /// <returns>The first request, after whose chain <see cref="EndCommit"/> is to be called; null once the queue is closed and
    /// empty.</returns>
    public CommitRequest? TakeAll()
    {
        lock (_gate)
        {
            while (_committing || (_first is null && _closed is null))
            {
                _waiting = true;
                Monitor.Wait(_gate);
                _waiting = false;
            }

            CommitRequest? first = _first;
            _committing = first is not null;
            _first = null;
            _last = null;
            _bytes = 0;
            return first;
        }
    }

    /// <summary>Refuses what comes from here on; what waits is still taken. The first reason is the one that is kept.</summary>
    public void Close(StorageException reason)
    {
        lock (_gate)
        {
            _closed ??= reason;
            Monitor.PulseAll(_gate);
        }
    }

    private void Wake()
    {
        if (_waiting && !_committing && (_first is not null || _closed is not null))
        {
            Monitor.Pulse(_gate);
        }
    }
}
