using System.Diagnostics;

namespace WsStorage.Cli.Demo;

/// <summary>
/// What the producer knows of its numbered records: which it wrote, and at which revision each was acknowledged. Kept apart from
/// the store, which is checked against it. Thread-safe.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly RecordBook _acknowledged = new();
    private TaskCompletionSource<ulong>? _awaited;
    private long _awaitedAfter;
    private long _last;
    private string? _failure;

    /// <summary>How many records were acknowledged.</summary>
    public long Acknowledged
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged.Count;
            }
        }
    }

    /// <summary>The first write that did not end as it has to; none so far.</summary>
    public string? Failure
    {
        get
        {
            lock (_gate)
            {
                return _failure;
            }
        }
    }

    /// <summary>All that was acknowledged, in one hash.</summary>
    public RecordDigest Digest()
    {
        lock (_gate)
        {
            return _acknowledged.ToDigest();
        }
    }

    /// <summary>Writes a batch with a record of its own, and notes how that ended. Does not throw.</summary>
    /// <param name="storage">Where to.</param>
    /// <param name="batch">The batch; gets the record.</param>
    public async Task WriteAsync(IStorage storage, WriteBatch batch)
    {
        long number = Interlocked.Increment(ref _last);
        long start = Stopwatch.GetTimestamp();
        batch.Put(DemoKeys.RecordOf(number), DemoKeys.RecordOf(number));
        try
        {
            // No precondition: written twice, it would be applied twice, and be found twice in the history.
            WriteResult result = await storage.WriteAsync(batch, CancellationToken.None);
            Acknowledge(number, result.EnsureApplied(), start);
        }
        catch (StorageException exception)
        {
            lock (_gate)
            {
                _failure ??= $"the write of record {number} failed: {exception.Message.TrimEnd('.')}";
            }
        }
    }

    /// <summary>Completes when a write that began after some time has been acknowledged.</summary>
    /// <param name="timestamp">A time of <see cref="Stopwatch"/>.</param>
    /// <returns>Its revision.</returns>
    public Task<ulong> WaitForWriteAfterAsync(long timestamp)
    {
        lock (_gate)
        {
            _awaitedAfter = timestamp;
            _awaited = new TaskCompletionSource<ulong>(TaskCreationOptions.RunContinuationsAsynchronously);
            return _awaited.Task;
        }
    }

    private void Acknowledge(long number, Revision revision, long start)
    {
        lock (_gate)
        {
            _acknowledged.Add(number, revision);
            if (start > _awaitedAfter)
            {
                _awaited?.TrySetResult(revision.Value);
            }
        }
    }
}
