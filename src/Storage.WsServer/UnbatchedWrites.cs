namespace WsStorage.WsServer;

/// <summary>
/// Commits to a storage that is not an <see cref="IBatchStorage"/>, such as one that is itself remote: each batch is one
/// call. Keeps the order of the writes of a session.
/// </summary>
internal sealed class UnbatchedWrites(IStorage storage)
{
    private Task _last = Task.CompletedTask;

    /// <summary>Commits batches one after the other, after all that were handed over before. Not thread-safe.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="results">Filled with one result for each.</param>
    public Task WriteManyAsync(ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results)
    {
        _last = WriteAfterAsync(_last, batches, results);
        return _last;
    }

    private async Task WriteAfterAsync(Task previous, ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results)
    {
        // A failure before this one has been told to those whom it concerns.
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (int i = 0; i < batches.Length; i++)
        {
            WriteResult result = await storage.WriteAsync(batches.Span[i]).ConfigureAwait(false);
            results.Span[i] = result;
        }
    }
}
