namespace WsStorage.Outbox;

/// <summary>Asks what is to become of a record that the target does not take, and falls back to the defaults. Not thread-safe.</summary>
internal sealed class ConflictResolver(IStorage target, OutboxOptions options)
{
    private ulong _sequence;
    private WriteBatch? _tried;

    /// <summary>How often the last record was decided on.</summary>
    public int Attempt { get; private set; }

    /// <summary>Whether the target will never take a record, however often it is tried.</summary>
    public static bool IsRefusal(StorageException exception) => exception is
    {
        Outcome: WriteOutcome.NotApplied,
        Code: StorageErrorCode.ValueTooLarge or StorageErrorCode.BatchTooLarge or StorageErrorCode.KeyTooLarge
            or StorageErrorCode.InvalidArgument or StorageErrorCode.LeaseEnded,
    };

    /// <summary>Decides on a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="failedPrecondition">Which of its preconditions failed, or -1.</param>
    /// <param name="error">Why it was refused; none when a precondition failed.</param>
    /// <param name="stop">Ends the wait for the hook.</param>
    /// <returns>What is to be delivered in its place.</returns>
    /// <exception cref="DeliveryStoppedException">It was refused, and nobody decides.</exception>
    /// <exception cref="StorageException">The hook failed.</exception>
    public async ValueTask<WriteBatch> ResolveAsync(OutboxRecord record, int failedPrecondition, StorageException? error, CancellationToken stop)
    {
        if (_sequence != record.Sequence)
        {
            _sequence = record.Sequence;
            _tried = null;
            Attempt = 0;
        }

        OutboxDecision decision = OutboxDecision.Overwrite;
        if (options.ResolveConflict is { } hook)
        {
            decision = await AskAsync(hook, record, failedPrecondition, error, stop).ConfigureAwait(false);
        }
        else if (error is not null)
        {
            throw new DeliveryStoppedException(new StorageException(
                error.Code,
                $"Delivery has stopped at record {record.Sequence}, which the target refuses: {error.Message} Nothing is lost. Open the outbox with a {nameof(OutboxOptions.ResolveConflict)} that drops or replaces the record.",
                WriteOutcome.NotApplied,
                error));
        }

        Attempt++;
        _tried = decision.Replacement ?? new WriteBatch().Load(default, record.Operations.Span);
        return _tried;
    }

    private async ValueTask<OutboxDecision> AskAsync(
        Func<OutboxConflict, CancellationToken, ValueTask<OutboxDecision>> hook,
        OutboxRecord record,
        int failedPrecondition,
        StorageException? error,
        CancellationToken stop)
    {
        WriteBatch batch = _tried is null
            ? new WriteBatch().Load(record.Preconditions.Span, record.Operations.Span)
            : new WriteBatch().Load(_tried.PackedPreconditions, _tried.PackedOperations);
        try
        {
            return await hook(
                new OutboxConflict
                {
                    Reason = error is null ? OutboxConflictReason.PreconditionFailed : OutboxConflictReason.Refused,
                    Sequence = record.Sequence,
                    AcceptedAt = DateTimeOffset.FromUnixTimeMilliseconds(record.AcceptedAt),
                    Batch = batch,
                    FailedPrecondition = failedPrecondition,
                    Error = error,
                    Attempt = Attempt + 1,
                    Target = target,
                },
                stop).ConfigureAwait(false);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            throw new StorageException(
                StorageErrorCode.Internal,
                $"{nameof(OutboxOptions.ResolveConflict)} threw for record {record.Sequence} and is asked again: {failure.Message}",
                innerException: failure);
        }
    }
}
