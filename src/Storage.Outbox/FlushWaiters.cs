namespace WsStorage.Outbox;

/// <summary>Those who wait for records to be delivered; all who wait for the same one share a task. Not thread-safe.</summary>
internal sealed class FlushWaiters
{
    // In the order of the sequences: each who comes waits for the last that is accepted.
    private readonly Queue<(ulong Sequence, TaskCompletionSource Done)> _waiting = new();
    private (ulong Sequence, Task Done) _last;
    private StorageException? _failure;

    /// <summary>Waits for a record.</summary>
    /// <param name="sequence">The record; not less than any before.</param>
    public Task Add(ulong sequence)
    {
        if (_failure is not null)
        {
            return Task.FromException(_failure);
        }

        if (_waiting.Count == 0 || _last.Sequence != sequence)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((sequence, done));
            _last = (sequence, done.Task);
        }

        return _last.Done;
    }

    public void Reach(ulong sequence)
    {
        while (_waiting.TryPeek(out (ulong Sequence, TaskCompletionSource Done) first) && first.Sequence <= sequence)
        {
            _waiting.Dequeue();
            first.Done.SetResult();
        }
    }

    /// <summary>Fails all who wait, and who come.</summary>
    public void Fail(StorageException reason)
    {
        _failure = reason;
        while (_waiting.TryDequeue(out (ulong Sequence, TaskCompletionSource Done) next))
        {
            next.Done.SetException(reason);
        }
    }
}
