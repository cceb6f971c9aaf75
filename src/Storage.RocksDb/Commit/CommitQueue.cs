namespace WsStorage.RocksDb.Commit;

/// <summary>The requests that wait for the committing thread, in the order of their calls. Bounded in bytes. Thread-safe.</summary>
/// <param name="maxBytes">How many bytes may wait.</param>
internal sealed class CommitQueue(long maxBytes)
{
    private readonly object _gate = new();
    private CommitRequest? _first;
    private CommitRequest? _last;
    private long _bytes;
    private bool _taking;
    private StorageException? _closed;

    /// <summary>Adds a request at the end.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LimitExceeded"/>, or why the queue is closed.</exception>
    public void Add(CommitRequest request)
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
            if (_taking)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Takes every request that waits, as a chain; blocks until there is one.</summary>
    /// <returns>The first request, or null once the queue is closed and empty.</returns>
    public CommitRequest? TakeAll()
    {
        lock (_gate)
        {
            while (_first is null && _closed is null)
            {
                _taking = true;
                Monitor.Wait(_gate);
                _taking = false;
            }

            CommitRequest? first = _first;
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
}
