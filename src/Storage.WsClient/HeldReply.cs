using System.Runtime.CompilerServices;

namespace WsStorage.WsClient;

/// <summary>
/// The only request that a message answers: its caller goes on on the thread that received the message, and the loop that receives
/// goes on on another. So a caller with one request outstanding waits for no change of threads, and none can hold up the loop.
/// To be awaited by the loop when it has dealt with a message. Belongs to the loop.
/// </summary>
internal sealed class HeldReply : ICriticalNotifyCompletion, IThreadPoolWorkItem
{
    private PendingRequest? _held;
    private Action? _loop;

    /// <summary>Whether there is nobody to go on with.</summary>
    public bool IsCompleted => _held is null;

    /// <summary>Holds a request that has been answered.</summary>
    /// <param name="request">The request.</param>
    public void Hold(PendingRequest request) => _held = request;

    /// <summary>For the compiler.</summary>
    public HeldReply GetAwaiter() => this;

    /// <summary>For the compiler.</summary>
    public void GetResult()
    {
        // There is none: it only says when to go on.
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation)
    {
        PendingRequest told = _held!;
        _held = null;
        _loop = continuation;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

        // From here on the loop may be at its next message.
        try
        {
            told.Tell(inline: true);
        }
        catch (Exception exception)
        {
            // A continuation that throws is its owner's defect, and ends the process as it does on any thread of the pool.
            ThreadPool.UnsafeQueueUserWorkItem(
                static thrown => thrown.Throw(), System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(exception), preferLocal: false);
        }
    }

    /// <summary>The loop goes on.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Action loop = _loop!;
        _loop = null;
        loop();
    }
}
