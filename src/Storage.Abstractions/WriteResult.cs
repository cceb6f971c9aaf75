namespace WsStorage;

/// <summary>The answer to a write: applied, or refused by a precondition.</summary>
public readonly record struct WriteResult
{
    private readonly int _failedPrecondition;

    private WriteResult(Revision revision, int failedPrecondition)
    {
        Revision = revision;
        _failedPrecondition = failedPrecondition;
    }

    /// <summary>
    /// When applied, the revision of this batch (of the store, for a batch without operations); when refused, a revision
    /// at which the precondition did not hold.
    /// </summary>
    public Revision Revision { get; }

    /// <summary>Whether all preconditions held and the operations were applied.</summary>
    public bool Applied => _failedPrecondition == 0;

    /// <summary>The place of the first precondition that did not hold, or -1.</summary>
    public int FailedPrecondition => _failedPrecondition - 1;

    /// <summary>The batch was applied.</summary>
    /// <param name="revision">Its revision.</param>
    /// <returns>The result.</returns>
    public static WriteResult AppliedAt(Revision revision) => new(revision, 0);

    /// <summary>A precondition did not hold; nothing was changed.</summary>
    /// <param name="revision">A revision at which it did not hold.</param>
    /// <param name="precondition">Its place in the batch, from 0.</param>
    /// <returns>The result.</returns>
    public static WriteResult RefusedAt(Revision revision, int precondition)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(precondition);
        return new(revision, precondition + 1);
    }

    /// <summary>Turns a refusal into an exception, for callers to whom it is one.</summary>
    /// <returns>The revision of the batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.PreconditionFailed"/>.</exception>
    public Revision EnsureApplied() => Applied
        ? Revision
        : throw new StorageException(
            StorageErrorCode.PreconditionFailed,
            $"Precondition {FailedPrecondition} of the batch did not hold at revision {Revision}; nothing was changed. Read the keys again and decide anew.",
            WriteOutcome.NotApplied);
}
