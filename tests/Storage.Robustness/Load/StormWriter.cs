using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Load;

/// <summary>
/// One of many writers: writes one batch after the other, and logs what it was told of each. Writes as much as the pace
/// allows, so that what a run has to remember does not depend on how fast the machine is.
/// </summary>
internal sealed class StormWriter(IStorage storage, StormBatches batches, WriteLog log, SemaphoreSlim pace)
{
    /// <summary>Writes until it is stopped; what is under way then is still waited for.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await pace.WaitAsync(stop);
                await WriteAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private async Task WriteAsync()
    {
        (WriteId id, WriteBatch batch) = batches.Next();
        ulong digest = ChangeDigest.Of(batch);
        try
        {
            log.Acknowledge(id, (await storage.WriteAsync(batch, CancellationToken.None)).EnsureApplied(), digest);
        }
        catch (StorageException exception)
        {
            log.Fail(id, exception);
        }
    }
}
