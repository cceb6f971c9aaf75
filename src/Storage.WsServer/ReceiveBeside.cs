using System.Runtime.CompilerServices;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// Waits for a message and executes something beside: the wait is arranged first, so that another thread takes the message when it
/// comes, while this one is still busy. That costs no change of threads when nothing comes, which is what a client with one
/// request at a time sees.
/// </summary>
/// <param name="receive">The message, under way.</param>
/// <param name="work">What to execute; once.</param>
internal readonly struct ReceiveBeside(ValueTask<ReceivedMessage> receive, IThreadPoolWorkItem work) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<ReceivedMessage>.ConfiguredValueTaskAwaiter _receive =
        receive.ConfigureAwait(false).GetAwaiter();

    // The work is executed by the wait, so there is one even if the message is here by now.
    public bool IsCompleted => false;

    public ReceiveBeside GetAwaiter() => this;

    public ReceivedMessage GetResult() => _receive.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        // From here on the waiting method may run on another thread, and this value with it.
        IThreadPoolWorkItem beside = work;
        _receive.UnsafeOnCompleted(continuation);
        beside.Execute();
    }
}
