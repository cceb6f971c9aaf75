namespace WsStorage;

/// <summary>The answer to a write: applied, or refused by a precondition.</summary>
public readonly record struct WriteResult
{
    private readonly int _failedPrecondition;

    private WriteResult(Revision revision, int failedPrecondition, StorageErrorCode? error = null)
    {
        Revision = revision;
        _failedPrecondition = failedPrecondition;
        Error = error;
    }

    /// <summary>
    /// When applied, the revision of this batch (of the store, for a batch without operations); when refused, a revision
    /// at which the precondition did not hold.
    /// </summary>
    public Revision Revision { get; }

    /// <summary>Whether all preconditions held and the operations were applied.</summary>
    public bool Applied => _failedPrecondition == 0 && Error is null;

    /// <summary>The place of the first precondition that did not hold, or -1.</summary>
    public int FailedPrecondition => _failedPrecondition - 1;

    /// <summary>
    /// Why a batch with a stamp was not executed (<see cref="IExactlyOnceStorage"/>); none when it was, now or before. Only in
    /// the results of <see cref="IBatchStorage.WriteManyAsync"/>.
    /// </summary>
    public StorageErrorCode? Error { get; }

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

    /// <summary>A batch with a stamp was not executed.</summary>
    /// <param name="error"><see cref="StorageErrorCode.OutcomeUnknown"/>, <see cref="StorageErrorCode.NumberReused"/> or
    /// <see cref="StorageErrorCode.LimitExceeded"/>.</param>
    /// <returns>The result.</returns>
    public static WriteResult NotExecuted(StorageErrorCode error) => new(default, 0, error);

    /// <summary>Turns an error of a stamp into an exception.</summary>
    /// <returns>This result, which has no error.</returns>
    /// <exception cref="StorageException">There is an <see cref="Error"/>.</exception>
    public WriteResult EnsureExecuted() => Error switch
    {
        null => this,
        StorageErrorCode.OutcomeUnknown => throw new StorageException(
            StorageErrorCode.OutcomeUnknown,
            "The write was sent again, and whether its first sending was applied is not known any more. It was not applied now; read the keys and decide anew.",
            WriteOutcome.Unknown),
        StorageErrorCode.NumberReused => throw new StorageException(
            StorageErrorCode.NumberReused,
            "The number of the write was used before for a write with other content. Nothing was changed; give each program a client id of its own."),
        StorageErrorCode other => throw new StorageException(
            other, "The session has more writes whose outcomes are not acknowledged than are remembered. Nothing was changed; await answers before sending more."),
    };

    /// <summary>Turns a refusal into an exception, for callers to whom it is one.</summary>
    /// <returns>The revision of the batch.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.PreconditionFailed"/>.</exception>
    public Revision EnsureApplied() => EnsureExecuted().Applied
        ? Revision
        : throw new StorageException(
            StorageErrorCode.PreconditionFailed,
            $"Precondition {FailedPrecondition} of the batch did not hold at revision {Revision}; nothing was changed. Read the keys again and decide anew.",
            WriteOutcome.NotApplied);
}
