using System.Threading.Tasks.Sources;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>A request with one reply, awaited by its caller. Used over and over, so that a request costs no allocation.</summary>
/// <typeparam name="T">What the caller gets.</typeparam>
internal abstract class PendingReply<T> : PendingRequest, IValueTaskSource<T>
{
    private ManualResetValueTaskSourceCore<T> _source = new() { RunContinuationsAsynchronously = true };
    private T? _result;
    private StorageException? _error;
    private RequestQueue? _queue;
    private CancellationTokenRegistration _cancellation;

    /// <summary>Begins a request whose body is encoded.</summary>
    /// <param name="queue">Sends it.</param>
    /// <param name="cancellationToken">The caller's token: ends the wait.</param>
    /// <returns>The caller's task; to be awaited once.</returns>
    public ValueTask<T> Start(RequestQueue queue, CancellationToken cancellationToken)
    {
        _queue = queue;
        var task = new ValueTask<T>(this, _source.Version);
        queue.Submit(this);
        if (cancellationToken.CanBeCanceled)
        {
            // The caller can't have consumed the task yet, so the request is still this one, ended or not.
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((PendingReply<T>)state!).OnCancelled(token), this);
        }

        return task;
    }

    public sealed override bool OnReply(MessageType type, ReadOnlySpan<byte> body)
    {
        if (type == MessageType.Error)
        {
            _error = ToFailure(ErrorReply.Read(body));
            return true;
        }

        if ((byte)type != ((byte)Type | 0x40))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, $"The server answered a {Type} with a {type}.");
        }

        _result = Read(body);
        return true;
    }

    public sealed override void Tell(bool inline)
    {
        _source.RunContinuationsAsynchronously = !inline;
        if (_error is { } error)
        {
            _error = null;
            _source.SetException(error);
        }
        else
        {
            T result = _result!;
            _result = default;
            _source.SetResult(result);
        }
    }

    public sealed override void OnFailure(Exception exception)
    {
        _source.RunContinuationsAsynchronously = true;
        _source.SetException(exception);
    }

    T IValueTaskSource<T>.GetResult(short token)
    {
        // Asked too early, or once more: this throws, and must not give away a request that is in use.
        if (_source.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The operation has not ended: await its task, once, or turn it into a Task by AsTask().");
        }

        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            // Waits for a cancellation that is under way, so that it can't hit the next request.
            _cancellation.Dispose();
            _cancellation = default;
            _source.Reset();
            RequestQueue queue = _queue!;
            _queue = null;
            if (Length > RequestPool.MaxKeptBodyBytes)
            {
                ReleaseBody();
            }

            Return(queue.Pool);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>Reads the reply.</summary>
    /// <param name="body">Its body.</param>
    /// <returns>What the caller gets, owning its memory.</returns>
    protected abstract T Read(ReadOnlySpan<byte> body);

    /// <summary>Makes what the caller gets of an error.</summary>
    /// <param name="error">The error.</param>
    /// <returns>The exception.</returns>
    protected virtual StorageException ToFailure(in ErrorReply error) => error.ToException();

    /// <summary>Goes back to the pool.</summary>
    /// <param name="pool">The pool.</param>
    protected abstract void Return(RequestPool pool);

    private void OnCancelled(CancellationToken token)
    {
        if (_queue is { } queue && queue.TryEnd(this))
        {
            _source.RunContinuationsAsynchronously = true;
            _source.SetException(new OperationCanceledException(token));
        }
    }
}
