using System.Runtime.CompilerServices;

namespace WsStorage.Transport;

/// <summary>
/// Waits for a message and executes something beside: the wait is arranged first, so that another thread takes the message when it
/// comes, while this one is still busy. That costs no change of threads when nothing comes, which is what a program with one
/// request at a time sees. To be awaited at once, and once.
/// </summary>
/// <param name="receive">The message, under way.</param>
/// <param name="work">What to execute; once.</param>
public readonly struct ReceiveBeside(ValueTask<ReceivedMessage> receive, IThreadPoolWorkItem work) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<ReceivedMessage>.ConfiguredValueTaskAwaiter _receive =
        receive.ConfigureAwait(false).GetAwaiter();

    /// <summary>For the compiler: the work is executed by the wait, so there is one even if the message is here by now.</summary>
    public bool IsCompleted => false;

    /// <summary>For the compiler.</summary>
    public ReceiveBeside GetAwaiter() => this;

    /// <summary>For the compiler.</summary>
    public ReceivedMessage GetResult() => _receive.GetResult();

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation)
    {
        // From here on the waiting method may run on another thread, and this value with it.
        IThreadPoolWorkItem beside = work;
        _receive.UnsafeOnCompleted(continuation);
        beside.Execute();
    }
}
