namespace WsStorage.Core.Sessions;

/// <summary>What is refused of batches with a stamp before they are executed, and what an error may say of them.</summary>
public static class StampedFailure
{
    /// <summary>Refuses a stamp that contradicts itself.</summary>
    /// <param name="batch">The batch; one without a stamp is fine.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static void Check(WriteBatch batch)
    {
        if (batch.Stamp is { } stamp && (stamp.Number == 0 || stamp.AcknowledgedThrough >= stamp.Number))
        {
            throw StorageException.InvalidArgument(
                $"A write has the number {stamp.Number}, and all up to {stamp.AcknowledgedThrough} are acknowledged; numbers begin at 1, and what is still sent is not acknowledged.");
        }
    }

    /// <summary>
    /// The error of batches that could not be executed. One that was sent before may have been applied then, so that nobody can
    /// say that it was not.
    /// </summary>
    /// <param name="exception">Why not.</param>
    /// <param name="batches">The batches.</param>
    /// <returns>The error, with the outcome <see cref="WriteOutcome.Unknown"/> if one of the batches is a resend.</returns>
    public static StorageException Of(StorageException exception, ReadOnlySpan<WriteBatch> batches) =>
        exception.Outcome == WriteOutcome.NotApplied && HasResend(batches)
            ? new StorageException(exception.Code, exception.Message, WriteOutcome.Unknown, exception)
            : exception;

    /// <summary>Whether one of some batches may have been sent, and applied, before.</summary>
    /// <param name="batches">The batches.</param>
    /// <returns>Whether one is a resend.</returns>
    public static bool HasResend(ReadOnlySpan<WriteBatch> batches)
    {
        foreach (WriteBatch batch in batches)
        {
            if (batch.Stamp is { IsResend: true })
            {
                return true;
            }
        }

        return false;
    }
}
