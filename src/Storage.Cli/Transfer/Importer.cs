using System.Runtime.ExceptionServices;

namespace WsStorage.Cli.Transfer;

/// <summary>Writes rows to a storage in atomic batches, several in flight, in the order of the input.</summary>
internal sealed class Importer(IStorage storage, IRowReader reader, int batchBytes)
{
    private const int MaxInFlight = 8;

    private readonly Queue<(Task<WriteResult> Write, WriteBatch Batch)> _inFlight = new();
    private readonly Stack<WriteBatch> _spare = new();

    /// <summary>How many rows have been acknowledged.</summary>
    public long Rows { get; private set; }

    /// <summary>The size at which a batch is sent: large enough to be quick, and never beyond what the storage takes.</summary>
    public static int BatchBytesFor(StorageLimits limits)
    {
        const int rowOverhead = StorageLimits.MaxKeyBytes + 64;
        return Math.Clamp(limits.MaxBatchBytes - limits.MaxValueBytes - rowOverhead, 1, 256 * 1024);
    }

    /// <summary>Writes all rows.</summary>
    /// <param name="progress">Told of <see cref="Rows"/> and of the bytes read.</param>
    /// <param name="cancellationToken">Ends the reading; what has been sent is still waited for.</param>
    /// <exception cref="MalformedInputException">The input is damaged; every row before the damage is applied.</exception>
    public async Task RunAsync(Action<long, long> progress, CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? failure = null;
        try
        {
            await ReadAsync(progress, cancellationToken);
        }
        catch (Exception exception)
        {
            failure = ExceptionDispatchInfo.Capture(exception);
        }

        while (_inFlight.Count > 0)
        {
            try
            {
                await CompleteOldestAsync();
            }
            catch (StorageException exception)
            {
                // The first failure of the storage tells most: the others follow from it, and damage read on is beside it.
                failure = failure?.SourceException is StorageException ? failure : ExceptionDispatchInfo.Capture(exception);
            }
        }

        failure?.Throw();
        progress(Rows, reader.BytesRead);
    }

    private async Task ReadAsync(Action<long, long> progress, CancellationToken cancellationToken)
    {
        bool more = true;
        while (more)
        {
            WriteBatch batch = _spare.TryPop(out WriteBatch? spare) ? spare.Clear() : new WriteBatch();
            try
            {
                more = await reader.FillAsync(batch, batchBytes, cancellationToken);
            }
            finally
            {
                Send(batch);
            }

            if (_inFlight.Count >= MaxInFlight)
            {
                await CompleteOldestAsync();
                progress(Rows, reader.BytesRead);
            }
        }
    }

    private void Send(WriteBatch batch)
    {
        if (batch.Count > 0)
        {
            // Not cancelled: an interrupted import says how many rows were applied, so it waits for those on their way.
            _inFlight.Enqueue((storage.WriteAsync(batch, CancellationToken.None).AsTask(), batch));
        }
    }

    private async Task CompleteOldestAsync()
    {
        (Task<WriteResult> write, WriteBatch batch) = _inFlight.Dequeue();
        await write;
        Rows += batch.Count;
        _spare.Push(batch);
    }
}
