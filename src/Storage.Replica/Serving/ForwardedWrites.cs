namespace WsStorage.Replica.Serving;

/// <summary>Takes writes to the source, and waits until the copy has them.</summary>
/// <param name="parts">The replica.</param>
internal sealed class ForwardedWrites(ReplicaParts parts)
{
    /// <summary>Writes one batch.</summary>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        // Handed over before anything is awaited: the source sees writes in the order of the calls.
        (Position? Position, long History) before = parts.Served.Look();
        ValueTask<WriteResult> write = parts.Source.WriteAsync(batch, cancellationToken);
        return parts.Options.ReadYourWrites ? FinishAsync(write, batch.Count > 0, before, cancellationToken) : write;
    }

    /// <summary>Writes many.</summary>
    public async ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken)
    {
        (Position? Position, long History) before = parts.Served.Look();
        if (parts.Source is IBatchStorage source)
        {
            await source.WriteManyAsync(batches, results, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await WriteEachAsync(batches, results, cancellationToken).ConfigureAwait(false);
        }

        Revision last = Revision.None;
        for (int i = 0; i < batches.Length; i++)
        {
            WriteResult result = results.Span[i];
            if (result.Applied && batches.Span[i].Count > 0 && result.Revision > last)
            {
                last = result.Revision;
            }
        }

        if (parts.Options.ReadYourWrites && last > Revision.None)
        {
            await WaitAsync(last, before, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<WriteResult> FinishAsync(
        ValueTask<WriteResult> write, bool changes, (Position? Position, long History) before, CancellationToken cancellationToken)
    {
        WriteResult result = await write.ConfigureAwait(false);
        if (result.Applied && changes)
        {
            await WaitAsync(result.Revision, before, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    private async ValueTask WriteEachAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken)
    {
        if (results.Length < batches.Length)
        {
            throw StorageException.InvalidArgument(
                $"There is room for {results.Length} results of {batches.Length} batches; there must be room for all.");
        }

        var writes = new Task<WriteResult>[batches.Length];
        for (int i = 0; i < writes.Length; i++)
        {
            writes[i] = parts.Source.WriteAsync(batches.Span[i], cancellationToken).AsTask();
        }

        // The batches are in use until all have ended, whatever became of the first.
        WriteResult[] written = await Task.WhenAll(writes).ConfigureAwait(false);
        written.CopyTo(results);
    }

    private ValueTask WaitAsync(Revision revision, (Position? Position, long History) before, CancellationToken cancellationToken) =>
        parts.Served.Has(revision) && !(before.Position?.Revision >= revision)
            ? ValueTask.CompletedTask
            : new ValueTask(WaitSlowlyAsync(revision, before, cancellationToken));

    private async Task WaitSlowlyAsync(Revision revision, (Position? Position, long History) before, CancellationToken cancellationToken)
    {
        TimeSpan most = parts.Options.WriteWaitTimeout;
        using var timeout = new CancellationTokenSource(most, parts.Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            if (before.Position?.Revision >= revision)
            {
                // A new write gets a revision that the copy did not have before; this one is of another history.
                await parts.Served.WaitForOtherHistoryAsync(before.History, both.Token).ConfigureAwait(false);
            }

            await parts.Served.WaitAsync(revision, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StorageException(
                StorageErrorCode.Timeout,
                $"The source has applied the write at revision {revision}, and the copy of the replica {parts.Options.Name}, which is at {parts.Served.Position?.Revision ?? Revision.None}, did not get it within {most}. It need not be written again; reads of the replica will show it later.",
                WriteOutcome.Applied);
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.Closed)
        {
            throw CopyLeases.Closed(WriteOutcome.Applied);
        }
    }
}
