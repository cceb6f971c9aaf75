using Microsoft.Extensions.Logging;

namespace WsStorage.Replica.Following;

/// <summary>Has the source keep the history that the replica will need when it has been away. Thread-safe.</summary>
/// <param name="source">The source.</param>
/// <param name="options">Under which name, and for how long.</param>
/// <param name="logger">Hears when the source does not.</param>
internal sealed class HistoryKeeper(IStorage source, ReplicaOptions options, ILogger logger)
{
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private Revision? _after;
    private long? _keptAt;
    private StorageErrorCode? _refusal;

    /// <summary>Keeps what was committed after a revision, and goes on to (<see cref="RenewAsync"/>).</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Compacted"/>: it is gone; or the source can't be
    /// reached.</exception>
    public ValueTask KeepAsync(Revision after, CancellationToken cancellationToken)
    {
        Reach(after);
        return SendAsync(after, cancellationToken);
    }

    /// <summary>What was committed up to a revision is needed no more.</summary>
    public void Reach(Revision revision)
    {
        lock (_gate)
        {
            _after = revision;
        }
    }

    /// <summary>Keeps it again, when it is time.</summary>
    public async ValueTask RenewAsync(CancellationToken cancellationToken)
    {
        Revision after;
        lock (_gate)
        {
            TimeSpan interval = options.HistoryDuration / 4;
            interval = interval < LongestInterval ? interval : LongestInterval;
            if (_after is not { } known || (_keptAt is { } keptAt && options.TimeProvider.GetElapsedTime(keptAt) < interval))
            {
                return;
            }

            after = known;
        }

        try
        {
            await SendAsync(after, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.Compacted)
        {
            // If the copy can't do without it, its watch is refused.
            Refused(exception);
        }
    }

    // A source that is behind the replica refuses too: whether it may be, its watch says.
    private static bool IsRefusal(StorageErrorCode code) => code is StorageErrorCode.LimitExceeded or StorageErrorCode.InvalidArgument
        or StorageErrorCode.Unsupported or StorageErrorCode.ReadOnly;

    private async ValueTask SendAsync(Revision after, CancellationToken cancellationToken)
    {
        if (options.HistoryDuration == TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await source.KeepHistoryAsync(options.Name, after, options.HistoryDuration, cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                _keptAt = options.TimeProvider.GetTimestamp();
                _refusal = null;
            }
        }
        catch (StorageException exception) when (IsRefusal(exception.Code))
        {
            Refused(exception);
        }
    }

    private void Refused(StorageException exception)
    {
        lock (_gate)
        {
            _keptAt = options.TimeProvider.GetTimestamp();
            if (_refusal == exception.Code)
            {
                return;
            }

            _refusal = exception.Code;
        }

        Log.HistoryNotKept(logger, options.Name, exception.Message);
    }
}
