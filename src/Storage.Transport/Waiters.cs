namespace WsStorage.Transport;

/// <summary>Who waits for the same, to be released off the lock that guards it. Not thread-safe.</summary>
internal sealed class Waiters
{
    private readonly List<TaskCompletionSource> _waiters = [];

    /// <summary>How many wait.</summary>
    public int Count => _waiters.Count;

    /// <summary>Adds one.</summary>
    /// <returns>Completes when it is released.</returns>
    public Task AddAsync()
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Add(waiter);
        return waiter.Task;
    }

    /// <summary>Takes all out: give them to <see cref="Release"/>.</summary>
    public TaskCompletionSource[] TakeAll()
    {
        TaskCompletionSource[] waiters = [.. _waiters];
        _waiters.Clear();
        return waiters;
    }

    /// <summary>Lets them go on.</summary>
    /// <param name="waiters">What was taken out.</param>
    public static void Release(TaskCompletionSource[] waiters)
    {
        foreach (TaskCompletionSource waiter in waiters)
        {
            waiter.TrySetResult();
        }
    }
}
