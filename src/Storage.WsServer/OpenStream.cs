using System.Diagnostics.CodeAnalysis;
using WsStorage.Protocol;

namespace WsStorage.WsServer;

/// <summary>
/// What goes on under one id until it ends or is cancelled, within the credit that its client grants: a scan, a range-hash or a
/// watch. Thread-safe, but for what sends, of which there is one.
/// </summary>
/// <param name="id">The request's id.</param>
/// <param name="credit">The bytes that may be sent to begin with.</param>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, and a cancel may come at any time: it is left to the collector.")]
internal abstract class OpenStream(RequestId id, long credit)
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cancellation = new();
    private TaskCompletionSource? _creditWaiter;
    private long _credit = credit;

    public RequestId Id => id;

    /// <summary>Whether it was cancelled.</summary>
    public bool IsCancelled => _cancellation.IsCancellationRequested;

    /// <summary>Cancelled by <see cref="Cancel"/>.</summary>
    protected CancellationToken Cancelled => _cancellation.Token;

    /// <summary>Whether there is credit to send with.</summary>
    protected bool HasCredit => Interlocked.Read(ref _credit) > 0;

    /// <summary>Grants bytes. More than a count can say in all is cut to that.</summary>
    /// <param name="bytes">How many more.</param>
    public void AddCredit(long bytes)
    {
        TaskCompletionSource? waiter = null;
        lock (_gate)
        {
            // Only here it grows, under the lock: what is spent meanwhile only makes room below the bound.
            if (Interlocked.Add(ref _credit, Math.Min(bytes, int.MaxValue - Interlocked.Read(ref _credit))) > 0)
            {
                waiter = _creditWaiter;
                _creditWaiter = null;
            }
        }

        waiter?.TrySetResult();
    }

    /// <summary>Ends it soon. May be said more than once.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Sends what there is to send.</summary>
    /// <returns>Completes when all is posted; the end is the caller's to post.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public abstract Task SendAsync();

    /// <summary>Takes what was sent off the credit, which may go below zero by it.</summary>
    /// <param name="bytes">How many bytes.</param>
    protected void Spend(long bytes) => Interlocked.Add(ref _credit, -bytes);

    /// <summary>Waits for credit, however long that takes.</summary>
    /// <returns>Completes when there is some.</returns>
    protected Task WaitForCreditAsync()
    {
        lock (_gate)
        {
            if (HasCredit)
            {
                return Task.CompletedTask;
            }

            _creditWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _creditWaiter.Task;
        }
    }
}
