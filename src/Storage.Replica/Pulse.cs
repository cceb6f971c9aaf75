namespace WsStorage.Replica;

/// <summary>Tells whoever waits that something has changed. Thread-safe.</summary>
/// <remarks>Who waits takes <see cref="Next"/>, then looks, then awaits what was taken: so no change is missed.</remarks>
internal sealed class Pulse
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes with the next change.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Something has changed.</summary>
    public void Beat() => Interlocked.Exchange(ref _next, New()).SetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
