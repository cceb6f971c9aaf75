using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;

namespace WsStorage.Replica.Serving;

/// <summary>
/// The copy that is read. Each reader holds a lease; when the copy is replaced, the old one is dropped after its last reader.
/// Thread-safe.
/// </summary>
/// <param name="options">How long readers wait for a first copy.</param>
/// <param name="logger">Hears of copies that could not be dropped.</param>
internal sealed class CopyLeases(ReplicaOptions options, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Pulse _changed = new();
    private readonly HashSet<Task> _drops = [];
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServedCopy? _current;
    private bool _closed;

    /// <summary>Whether there is a copy to read.</summary>
    public bool IsServing
    {
        get
        {
            lock (_gate)
            {
                return _current is not null;
            }
        }
    }

    /// <summary>Whether a copy is the one that is read.</summary>
    public bool Serves(ICopy copy)
    {
        lock (_gate)
        {
            return ReferenceEquals(_current?.Copy, copy);
        }
    }

    /// <summary>Serves a copy from now on.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="former">Drops the one that was served before, after its last reader.</param>
    public void Serve(ICopy copy, IAsyncDisposable? former)
    {
        ServedCopy? old;
        lock (_gate)
        {
            old = _current;
            _current = new ServedCopy(copy);
        }

        Retire(old, former);
        _changed.Beat();
    }

    /// <summary>Lets readers wait until a copy is served again, and those that watch come to an end of what they read.</summary>
    public void Suspend()
    {
        ServedCopy? old;
        lock (_gate)
        {
            old = _current;
            _current = null;
        }

        Retire(old, former: null);
    }

    /// <summary>Takes a lease of the copy.</summary>
    /// <returns>The lease; none when there is no copy yet.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public CopyLease? TryAcquire()
    {
        lock (_gate)
        {
            CheckOpen();
            return _current?.Acquire(this);
        }
    }

    /// <summary>Takes a lease of the copy, and waits for it if there is none yet.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotReady"/> or
    /// <see cref="StorageErrorCode.Closed"/>.</exception>
    public ValueTask<CopyLease> AcquireAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryAcquire() is { } lease ? ValueTask.FromResult(lease) : WaitAsync(cancellationToken);
    }

    /// <summary>Refuses to go on once the replica has been disposed of.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    public void CheckOpen()
    {
        if (Volatile.Read(ref _closed))
        {
            throw Closed();
        }
    }

    public static StorageException Closed(WriteOutcome outcome = WriteOutcome.NotApplied) =>
        new(StorageErrorCode.Closed, "The replica has been disposed of. Open it again.", outcome);

    /// <summary>Nothing of a replica can be read before it has a whole copy.</summary>
    public static StorageException NotReady(string name) => new(
        StorageErrorCode.NotReady, $"The replica {name} has no whole copy of its source yet; its status says how far it is. Wait until it is live, or read from the source.");

    /// <summary>Serves nothing more, and waits for what is being dropped.</summary>
    public async ValueTask CloseAsync()
    {
        ServedCopy? last;
        Task[] drops;
        lock (_gate)
        {
            Volatile.Write(ref _closed, true);
            last = _current;
            _current = null;
            drops = [.. _drops];
        }

        // Readers of copies that are to be dropped are refused, and not waited for: one of them may be who closes the replica.
        _closing.TrySetResult();
        Retire(last, former: null);
        _changed.Beat();
        await Task.WhenAll(drops).ConfigureAwait(false);
    }

    internal void Release(ServedCopy copy)
    {
        lock (_gate)
        {
            copy.Release();
        }
    }

    private void Retire(ServedCopy? old, IAsyncDisposable? former)
    {
        if (old is null)
        {
            return;
        }

        Task unread;
        lock (_gate)
        {
            unread = old.Retire();
            if (former is not null)
            {
                Task drop = DropAsync(unread, former);
                _drops.Add(drop);
                _drops.RemoveWhere(static each => each.IsCompletedSuccessfully);
            }
        }
    }

    private async Task DropAsync(Task unread, IAsyncDisposable former)
    {
        // Yields the lock that it is called under.
        await Task.WhenAny(unread, _closing.Task).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await former.DisposeAsync().ConfigureAwait(false);
        }
        catch (StorageException exception)
        {
            Log.NotDropped(logger, options.Name, exception.Message);
        }
    }

    private async ValueTask<CopyLease> WaitAsync(CancellationToken cancellationToken)
    {
        long started = options.TimeProvider.GetTimestamp();
        while (true)
        {
            Task changed = _changed.Next;
            if (TryAcquire() is { } lease)
            {
                return lease;
            }

            TimeSpan left = options.ReadWaitTimeout - options.TimeProvider.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                throw NotReady(options.Name);
            }

            try
            {
                await changed.WaitAsync(left, options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw NotReady(options.Name);
            }
        }
    }
}

/// <summary>A copy and how many read it. Guarded by its <see cref="CopyLeases"/>.</summary>
internal sealed class ServedCopy(ICopy copy)
{
    private readonly TaskCompletionSource _retired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _unread = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _readers;
    private bool _isRetired;

    public ICopy Copy { get; } = copy;

    /// <summary>Completes when the copy is not the current one any more.</summary>
    public Task Retired => _retired.Task;

    public CopyLease Acquire(CopyLeases leases)
    {
        _readers++;
        return new CopyLease(leases, this);
    }

    public void Release()
    {
        _readers--;
        EndIfUnread();
    }

    /// <summary>Lets nobody begin to read it.</summary>
    /// <returns>Completes when its last reader is done.</returns>
    public Task Retire()
    {
        _isRetired = true;
        _retired.TrySetResult();
        EndIfUnread();
        return _unread.Task;
    }

    private void EndIfUnread()
    {
        if (_isRetired && _readers == 0)
        {
            _unread.TrySetResult();
        }
    }
}

/// <summary>Keeps a copy open while it is read; to be disposed of once.</summary>
internal readonly struct CopyLease(CopyLeases leases, ServedCopy served) : IDisposable
{
    public ICopy Copy => served.Copy;

    /// <summary>Completes when the copy is not the current one any more.</summary>
    public Task Retired => served.Retired;

    public void Dispose() => leases.Release(served);
}
