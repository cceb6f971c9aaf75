using System.Threading.Tasks.Sources;
using WsStorage.Core.Sessions;

namespace WsStorage.RocksDb.Commit;

/// <summary>
/// One call to write, from its submission until its caller has been told. Pooled: it goes back once the caller has taken
/// the result and the committing thread has let go of it, in whichever order, since a cancelled caller leaves early.
/// </summary>
internal sealed class CommitRequest : IValueTaskSource<WriteResult>, IValueTaskSource
{
    /// <summary>A copied batch larger than this is not kept for the next use.</summary>
    private const int KeptCopyBytes = 64 * 1024;

    private const int SmallBytes = 16 * 1024;

    private readonly CommitRequestPool _pool;
    private ManualResetValueTaskSourceCore<WriteResult> _core;
    private CancellationTokenRegistration _cancellation;
    private WriteBatch? _copy;
    private WriteBatch? _batch;
    private ReadOnlyMemory<WriteBatch> _batches;
    private Memory<WriteResult> _results;
    private WriteResult _result;
    private int _completed;
    private int _letGo;

    public CommitRequest(CommitRequestPool pool)
    {
        _pool = pool;

        // A caller's continuation never runs on the committing thread.
        _core.RunContinuationsAsynchronously = true;
    }

    /// <summary>The next request in the queue.</summary>
    public CommitRequest? Next { get; set; }

    /// <summary>How many bytes its batches have.</summary>
    public long ByteCount { get; private set; }

    /// <summary>What is to be done between groups, in the place of batches.</summary>
    public Action? Work { get; private set; }

    /// <summary>Whether any of its batches may be applied: it is part of a group, or was sent before.</summary>
    public bool HasWritten { get; private set; }

    /// <summary>Why it cannot be done, when that is so.</summary>
    public StorageException? Failure { get; private set; }

    /// <summary>How many batches there are.</summary>
    public int Count => _batch is null ? _batches.Length : 1;

    /// <summary>Whether it is one small batch, and nothing else.</summary>
    public bool IsSmall => Count == 1 && ByteCount <= SmallBytes;

    /// <summary>The task of a call with one batch.</summary>
    public ValueTask<WriteResult> SingleTask => new(this, _core.Version);

    /// <summary>The task of a call with many batches.</summary>
    public ValueTask ManyTask => new(this, _core.Version);

    /// <summary>Gets ready for one batch.</summary>
    public void Prepare(WriteBatch batch, CancellationToken cancellationToken)
    {
        ByteCount = batch.ByteCount;
        if (cancellationToken.CanBeCanceled)
        {
            // A caller whose wait is cancelled may use its batch again while the write is still under way.
            WriteStamp? stamp = batch.Stamp;
            batch = (_copy ??= new WriteBatch()).Load(batch.PackedPreconditions, batch.PackedOperations);
            batch.Stamp = stamp;
        }

        _batch = batch;
        HasWritten = StampedFailure.HasResend(new ReadOnlySpan<WriteBatch>(in batch));
        Register(cancellationToken);
    }

    /// <summary>Gets ready for many batches.</summary>
    public void Prepare(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, long byteCount, CancellationToken cancellationToken)
    {
        ByteCount = byteCount;
        _batches = batches;
        _results = results;
        HasWritten = StampedFailure.HasResend(batches.Span);
        Register(cancellationToken);
    }

    /// <summary>Gets ready for something else that is to be done between groups.</summary>
    public void Prepare(Action work, CancellationToken cancellationToken)
    {
        ByteCount = 0;
        Work = work;
        Register(cancellationToken);
    }

    /// <summary>One of the batches.</summary>
    public WriteBatch this[int index] => _batch ?? _batches.Span[index];

    /// <summary>Keeps the result of a batch until the request completes.</summary>
    public void SetResult(int index, WriteResult result, bool written)
    {
        HasWritten |= written;
        if (_batch is null)
        {
            _results.Span[index] = result;
        }
        else
        {
            _result = result;
        }
    }

    /// <summary>Keeps the first reason why the request cannot be done until it completes.</summary>
    public void SetFailure(StorageException failure) => Failure ??= failure;

    /// <summary>Tells the caller, unless it has been cancelled, and lets go of the request.</summary>
    public void Complete()
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
        {
            if (Failure is null)
            {
                _core.SetResult(_result);
            }
            else
            {
                _core.SetException(Failure);
            }
        }

        LetGo();
    }

    /// <summary>Takes the request back before it was submitted.</summary>
    public void Withdraw()
    {
        _cancellation.Dispose();
        _letGo = 1;
        LetGo();
    }

    WriteResult IValueTaskSource<WriteResult>.GetResult(short token) => TakeResult(token).EnsureExecuted();

    void IValueTaskSource.GetResult(short token) => TakeResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Register(CancellationToken cancellationToken) => _cancellation = cancellationToken.UnsafeRegister(
        static (state, token) =>
        {
            var request = (CommitRequest)state!;
            if (Interlocked.Exchange(ref request._completed, 1) == 0)
            {
                request._core.SetException(new OperationCanceledException(token));
            }
        },
        this);

    private WriteResult TakeResult(short token)
    {
        // Throws for a task that is awaited twice, before anything of the request's next use is touched.
        ValueTaskSourceStatus status = _core.GetStatus(token);
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (status != ValueTaskSourceStatus.Pending)
            {
                _cancellation.Dispose();
                LetGo();
            }
        }
    }

    private void LetGo()
    {
        // The caller and the committing thread each let go once; the second of them cleans up.
        if (Interlocked.Increment(ref _letGo) < 2)
        {
            return;
        }

        if (_copy?.ByteCount > KeptCopyBytes)
        {
            _copy = null;
        }

        _core.Reset();
        _cancellation = default;
        _batch = null;
        _batches = default;
        _results = default;
        Work = null;
        _result = default;
        HasWritten = false;
        Failure = null;
        Next = null;
        _completed = 0;
        _letGo = 0;
        _pool.Return(this);
    }
}

/// <summary>Keeps requests for their next use. Thread-safe.</summary>
internal sealed class CommitRequestPool
{
    private const int Capacity = 1024;
    private readonly Lock _gate = new();
    private readonly Stack<CommitRequest> _free = new();

    public CommitRequest Rent()
    {
        lock (_gate)
        {
            return _free.TryPop(out CommitRequest? request) ? request : new CommitRequest(this);
        }
    }

    public void Return(CommitRequest request)
    {
        lock (_gate)
        {
            if (_free.Count < Capacity)
            {
                _free.Push(request);
            }
        }
    }
}
