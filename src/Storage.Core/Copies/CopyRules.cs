namespace WsStorage.Core.Copies;

/// <summary>What every copy refuses, whatever it is kept in. Each check is made before anything is changed.</summary>
public static class CopyRules
{
    /// <summary>Checks the rows of <see cref="ICopy.LoadAsync"/>.</summary>
    /// <param name="state">How far the copy is.</param>
    /// <param name="packedRows">The rows.</param>
    /// <param name="load">How far it will be.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the copy is not being loaded, or from
    /// another start, or these are no rows. <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static void CheckLoad(CopyState state, ReadOnlyMemory<byte> packedRows, CopyLoad load)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(load);
        if (state.Load is not { IsComplete: false } now)
        {
            throw StorageException.InvalidArgument("The copy has been loaded; it takes no more rows. Apply what was committed since.");
        }

        if (load.Start != now.Start)
        {
            throw StorageException.InvalidArgument(
                $"The copy is loaded from {now.Start} on, and the rows are said to be so from {load.Start}. Begin another copy.");
        }

        try
        {
            foreach (ScanPage.Row row in new ScanPage(now.Start.Revision, 0, packedRows))
            {
                StorageLimits.CheckKey(row.Key.Span);
            }
        }
        catch (FormatException e)
        {
            throw new StorageException(
                StorageErrorCode.InvalidArgument, $"What is to be loaded is not rows as a page packs them: {e.Message}", WriteOutcome.NotApplied, e);
        }
    }

    /// <summary>Checks the batches of <see cref="ICopy.ApplyAsync"/>.</summary>
    /// <param name="state">How far the copy is.</param>
    /// <param name="batches">The batches.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Diverged"/>: they don't follow the copy's position or each
    /// other, or, in a copy of all keys, don't lead where they claim. <see cref="StorageErrorCode.InvalidArgument"/>: the copy is
    /// still being loaded, or these are no operations. <see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static void CheckApply(CopyState state, ReadOnlySpan<CopiedBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Load is { IsComplete: false })
        {
            throw StorageException.InvalidArgument("The copy is still being loaded; it follows once all rows are there.");
        }

        Position reached = state.Position;
        foreach (CopiedBatch batch in batches)
        {
            CheckFollows(reached, batch, state.IsOfAllKeys);
            CheckOperations(batch);
            reached = batch.Position;
        }
    }

    /// <summary>Checks the operations of <see cref="ICopy.MendAsync"/>.</summary>
    /// <param name="operations">The operations.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: there are preconditions.</exception>
    public static void CheckMend(WriteBatch operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        if (operations.PreconditionCount > 0)
        {
            throw StorageException.InvalidArgument(
                $"What mends a copy has {operations.PreconditionCount} preconditions; it can have none.");
        }
    }

    /// <summary>Checks that a copy can take the place of the current one: <see cref="ICopyStore.PromoteAsync"/>.</summary>
    /// <param name="next">How far it is; none when there is none.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: it is not whole.</exception>
    public static void CheckPromote(CopyState? next)
    {
        if (next is null)
        {
            throw StorageException.InvalidArgument("There is no next copy that could take the place of the current one. Begin one.");
        }

        if (!next.IsWhole)
        {
            throw StorageException.InvalidArgument(next.Load is { IsComplete: false } load
                ? $"The next copy is not whole: {load.Rows} rows have been loaded, and there are more."
                : $"The next copy is not whole: it is at revision {next.Position.Revision}, and its rows are whole from {next.Load!.WholeAt} on.");
        }
    }

    private static void CheckFollows(Position reached, in CopiedBatch batch, bool isOfAllKeys)
    {
        Position claimed = batch.Position;
        if (claimed.Epoch != reached.Epoch
            || (isOfAllKeys ? claimed.Revision != reached.Revision.Next : claimed.Revision <= reached.Revision))
        {
            throw new StorageException(
                StorageErrorCode.Diverged,
                $"The copy is at {reached}, and what is to follow leads to {claimed}. Follow the source from the copy's position, or copy anew.");
        }

        if (isOfAllKeys && ChainHash.Append(reached.Hash, claimed.Revision, batch.PackedOperations.Span) != claimed.Hash)
        {
            throw new StorageException(
                StorageErrorCode.Diverged,
                $"At revision {claimed.Revision} the hash of the source is not the copy's: what led there was something else. Copy anew.");
        }
    }

    private static void CheckOperations(in CopiedBatch batch)
    {
        try
        {
            foreach (BatchOperation operation in new BatchOperations(batch.PackedOperations.Span))
            {
                KeyRange.CheckBounds(operation.Key, operation.End);
            }
        }
        catch (FormatException e)
        {
            throw new StorageException(
                StorageErrorCode.InvalidArgument, $"The batch at revision {batch.Position.Revision} can't be read: {e.Message}", WriteOutcome.NotApplied, e);
        }
    }
}
