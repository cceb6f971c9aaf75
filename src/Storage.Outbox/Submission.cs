namespace WsStorage.Outbox;

/// <summary>A record on its way into the local store. Not thread-safe, save for its task.</summary>
internal sealed class Submission(OutboxRecord record)
{
    private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutboxRecord Record => record;

    /// <summary>Whether the local store has answered.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Why it is not accepted.</summary>
    public StorageException? Failure { get; private set; }

    /// <summary>Completes when the record and all before it are durable.</summary>
    public Task Accepted => _accepted.Task;

    /// <summary>Takes the answer of the local store.</summary>
    public void Settle(Task<WriteResult> appended)
    {
        IsSettled = true;
        if (!appended.IsCompletedSuccessfully)
        {
            Exception? error = appended.Exception?.InnerException;
            Failure = error as StorageException ?? new StorageException(
                StorageErrorCode.Internal, $"The local store of the outbox failed: {error?.Message ?? "cancelled"}", WriteOutcome.Unknown, error);
        }
    }

    public void Fail(StorageException failure) => Failure = failure;

    /// <summary>Tells the writer.</summary>
    public void Complete()
    {
        if (Failure is null)
        {
            _accepted.SetResult();
        }
        else
        {
            _accepted.SetException(Failure);
        }
    }
}
