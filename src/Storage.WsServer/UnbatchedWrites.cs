namespace WsStorage.WsServer;

/// <summary>
/// Commits to a storage that is not an <see cref="IBatchStorage"/>, such as one that is itself remote: each batch is one
/// call, and succeeds or fails by itself. Keeps the order of the writes of a session.
/// </summary>
internal sealed class UnbatchedWrites(IStorage storage)
{
    private Task _last = Task.CompletedTask;

    /// <summary>Commits batches one after the other, after all that were handed over before. Not thread-safe.</summary>
    /// <param name="group">The batches; told the result or the failure of each.</param>
    /// <returns>Completes when all have ended. Does not fail.</returns>
    public Task WriteManyAsync(WriteGroup group)
    {
        _last = WriteAfterAsync(_last, group);
        return _last;
    }

    private async Task WriteAfterAsync(Task previous, WriteGroup group)
    {
        await previous.ConfigureAwait(false);
        for (int i = 0; i < group.Count; i++)
        {
            try
            {
                WriteResult result = await storage.WriteAsync(group.Batches.Span[i]).ConfigureAwait(false);
                group.Results.Span[i] = result;
            }
            catch (Exception exception)
            {
                group.Fail(i, exception);
            }
        }
    }
}
