namespace WsStorage.Replica.Following;

/// <summary>Asks the source regularly how far it is, and has it keep history.</summary>
/// <param name="parts">The replica.</param>
internal sealed class LagLoop(ReplicaParts parts)
{
    /// <summary>Asks until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(parts.Options.LagInterval, parts.Options.TimeProvider);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            StorageException? problem = null;
            try
            {
                await parts.Meter.AskAsync(cancellationToken).ConfigureAwait(false);
                await parts.Keeper.RenewAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The connection itself may heal unseen by the watch; until then the status says why the copy grows old.
                problem = exception as StorageException ?? new StorageException(
                    StorageErrorCode.Internal, $"The source failed by a defect: {exception.Message}", innerException: exception);
            }

            parts.Board.SetUnanswered(problem);
            parts.CheckLive();
            parts.Board.Tell();
        }
    }
}
