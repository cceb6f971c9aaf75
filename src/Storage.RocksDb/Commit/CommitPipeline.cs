using Microsoft.Extensions.Logging;
using WsStorage.Core.Feed;
using WsStorage.Core.Followers;
using WsStorage.Core.Sessions;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Reading;
using WsStorage.RocksDb.Sessions;

namespace WsStorage.RocksDb.Commit;

/// <summary>
/// Commits what many callers submit, on one thread at a time: takes everything that waits, writes it as one group with one sync,
/// and tells each caller its own result. That thread is its own, but for a small write that meets nothing else. A write that fails leaves memory and disk possibly apart, so after it the store
/// takes no further write until it is opened again. Thread-safe.
/// </summary>
internal sealed class CommitPipeline : IDisposable
{
    private readonly CommitRequestPool _pool = new();
    private readonly CommitQueue _queue;
    private readonly CommitGroup _group;
    private readonly SessionJournal _sessions;
    private readonly LogRetention _retention;
    private readonly StorePosition _position;
    private readonly ILogger _logger;
    private readonly List<CommitRequest> _finished = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A sync takes long: a thread of the pool is not held up by it.
    private readonly bool _callersCommit;
    private StorageException? _failure;

    /// <summary>Loads what the commits of a store that may be written need, and starts the committing thread.</summary>
    public CommitPipeline(
        Database database, StorePosition position, ChangeFeed feed, LogBounds log, RowCache? rows, RocksDbOptions options, ILogger logger)
    {
        _queue = new CommitQueue(options.MaxPendingBytes);
        _position = position;
        _logger = logger;
        _callersCommit = options.Durability == Durability.Buffered;
        _sessions = new SessionJournal(database, options);
        _retention = new LogRetention(database, log, position, options, logger);
        if (_retention.IsDue)
        {
            _retention.Trim();
        }

        _group = new CommitGroup(database, position, feed, options.CommitLogBytes == 0 ? null : log, _sessions, rows, options);
        new Thread(Run) { IsBackground = true, Name = "wsstorage commit" }.Start();
    }

    /// <summary>The sessions of numbered writes; only what any thread may call.</summary>
    public SessionTable Sessions => _sessions.Table;

    /// <summary>For whom history is kept.</summary>
    public FollowerTable Followers => _retention.Followers.Table;

    /// <summary>Why no more writes are taken; null while they are.</summary>
    public StorageException? Failure => Volatile.Read(ref _failure);

    /// <summary>Refuses what a store may not do after a write that failed.</summary>
    public void ThrowIfStopped()
    {
        if (Failure is { } failure)
        {
            throw ToStopped(failure, written: false);
        }
    }

    /// <summary>Submits a batch that is within the limits.</summary>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        CommitRequest request = _pool.Rent();
        request.Prepare(batch, cancellationToken);
        ValueTask<WriteResult> task = request.SingleTask;
        Submit(request);
        return task;
    }

    /// <summary>Submits batches that are within the limits.</summary>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, long byteCount, CancellationToken cancellationToken)
    {
        CommitRequest request = _pool.Rent();
        request.Prepare(batches, results, byteCount, cancellationToken);
        ValueTask task = request.ManyTask;
        Submit(request);
        return task;
    }

    /// <summary>Keeps history for a follower; the name and the duration are checked.</summary>
    public ValueTask KeepHistoryAsync(
        string follower, Revision after, TimeSpan duration, CancellationToken cancellationToken) =>
        RunAsync(() => _retention.Keep(follower, after, duration), cancellationToken);

    /// <summary>Removes the history up to a revision.</summary>
    public ValueTask CompactAsync(Revision through, bool ignoreFollowers, CancellationToken cancellationToken) =>
        RunAsync(() => _retention.Compact(through, ignoreFollowers), cancellationToken);

    /// <summary>Lets the committing thread do something, after the writes that were submitted before.</summary>
    public ValueTask RunAsync(Action work, CancellationToken cancellationToken)
    {
        CommitRequest request = _pool.Rent();
        request.Prepare(work, cancellationToken);
        ValueTask task = request.ManyTask;
        Submit(request);
        return task;
    }

    /// <summary>Takes no more writes, completes those that wait, and ends the thread.</summary>
    public Task CloseAsync()
    {
        _queue.Close(RocksDbStorage.ToClosed());
        return _ended.Task;
    }

    /// <summary>Releases what the thread used; after <see cref="CloseAsync"/> has completed.</summary>
    public void Dispose() => _group.Dispose();

    private void Submit(CommitRequest request)
    {
        bool isOwn;
        try
        {
            isOwn = _queue.Add(request, mayCommit: _callersCommit && request.IsSmall && Thread.CurrentThread.IsThreadPoolThread);
        }
        catch
        {
            request.Withdraw();
            throw;
        }

        if (isOwn)
        {
            CommitAndLeave(request);
        }
    }

    private void Run()
    {
        try
        {
            while (_queue.TakeAll() is { } first)
            {
                CommitAndLeave(first);
            }
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private void CommitAndLeave(CommitRequest first)
    {
        try
        {
            Commit(first);
        }
        finally
        {
            _queue.EndCommit();
        }
    }

    private void Commit(CommitRequest first)
    {
        if (_sessions.IsSweepDue)
        {
            Maintain(_sessions.Sweep);
        }

        for (CommitRequest? request = first; request is not null;)
        {
            // A request that is complete may be in use again: its successor is read before.
            CommitRequest? next = request.Next;
            if (request.Work is null)
            {
                AddToGroup(request);
            }
            else
            {
                CommitGroup(unfinished: null);
                Do(request);
            }

            request = next;
        }

        CommitGroup(unfinished: null);
    }

    private void AddToGroup(CommitRequest request)
    {
        for (int i = 0; i < request.Count && request.Failure is null; i++)
        {
            if (_failure is not null)
            {
                request.SetFailure(ToStopped(_failure, request.HasWritten));
                break;
            }

            try
            {
                WriteResult result = _group.Add(request[i], out bool written);
                request.SetResult(i, result, written);
            }
            catch (Exception e)
            {
                request.SetFailure(ToFailure(e, request.HasWritten));
                break;
            }

            if (_group.IsFull)
            {
                CommitGroup(unfinished: request);
            }
        }

        _finished.Add(request);
    }

    private void Do(CommitRequest request)
    {
        try
        {
            if (_failure is not null)
            {
                throw ToStopped(_failure, written: false);
            }

            request.Work!();
        }
        catch (Exception e)
        {
            // What was refused, or could not be read, has changed nothing.
            bool mayBeDone = e is not StorageException { Outcome: WriteOutcome.NotApplied };
            request.SetFailure(ToFailure(e, mayBeDone));
            if (mayBeDone)
            {
                Stop(e, unfinished: null);
            }
        }

        // At once: it is done, or not, whatever becomes of what follows.
        request.Complete();
    }

    private void CommitGroup(CommitRequest? unfinished)
    {
        try
        {
            _group.Write();
        }
        catch (Exception e)
        {
            Stop(e, unfinished);
        }

        _group.Clear();
        foreach (CommitRequest request in _finished)
        {
            request.Complete();
        }

        _finished.Clear();
        if (_retention.IsDue)
        {
            Maintain(_retention.Trim);
        }
    }

    private void Stop(Exception exception, CommitRequest? unfinished)
    {
        StorageException failure = ToFailure(exception, written: true);
        Volatile.Write(ref _failure, failure);
        Log.WriteFailed(_logger, exception, _position.Revision.Value);
        _queue.Close(ToStopped(failure, written: false));
        foreach (CommitRequest request in _finished)
        {
            request.SetFailure(Of(request));
        }

        unfinished?.SetFailure(Of(unfinished));

        StorageException Of(CommitRequest request) => new(
            failure.Code, failure.Message, request.HasWritten ? WriteOutcome.Unknown : WriteOutcome.NotApplied, exception);
    }

    private void Maintain(Action work)
    {
        if (_failure is not null)
        {
            return;
        }

        try
        {
            work();
        }
        catch (Exception e)
        {
            Stop(e, unfinished: null);
        }
    }

    private static StorageException ToFailure(Exception exception, bool written)
    {
        WriteOutcome outcome = written ? WriteOutcome.Unknown : WriteOutcome.NotApplied;
        return exception is StorageException known
            ? new(known.Code, known.Message, outcome, known.InnerException)
            : new(StorageErrorCode.Internal, $"The write failed by a defect: {exception.Message}", outcome, exception);
    }

    private static StorageException ToStopped(StorageException failure, bool written) => new(
        failure.Code,
        $"The store takes no writes since one failed; open it again once the cause is gone. {failure.Message}",
        written ? WriteOutcome.Unknown : WriteOutcome.NotApplied,
        failure);
}
