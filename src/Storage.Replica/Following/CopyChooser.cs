using WsStorage.Core.Copies;
using WsStorage.Replica.Loading;

namespace WsStorage.Replica.Following;

/// <summary>
/// Says which copy is to be worked on: one that is being built, if it can still become whole; else the one that is read, if it can
/// follow; else a new one, which it begins. Not thread-safe.
/// </summary>
/// <param name="parts">The replica.</param>
/// <param name="files">Begins copies that are made of files.</param>
internal sealed class CopyChooser(ReplicaParts parts, FileLoader files)
{
    private readonly Backoff _anew = new(parts.Options.RetryBaseDelay, parts.Options.RetryMaxDelay, parts.Options.TimeProvider);
    private string? _obsolete;
    private bool _isRebuildWanted;
    private bool _isHistoryLost;
    private int _attempts;
    private long? _promotedAt;

    /// <summary>A new copy is wanted; one that is being built is not new.</summary>
    public void RequestRebuild()
    {
        _isRebuildWanted = true;
        _obsolete = "a new one was asked for";
    }

    /// <summary>A new copy is read.</summary>
    public void OnPromoted()
    {
        (_obsolete, _isRebuildWanted, _isHistoryLost) = (null, false, false);
        _promotedAt = parts.Options.TimeProvider.GetTimestamp();
    }

    /// <summary>Chooses, and begins a copy if there is none to go on with.</summary>
    /// <param name="info">What the source said of itself.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The copy; none when the files of one are to be received.</returns>
    public async ValueTask<ICopy?> ChooseAsync(StorageInfo info, CancellationToken cancellationToken)
    {
        await DropObsoleteAsync(info, cancellationToken).ConfigureAwait(false);
        if (parts.Copies.Current is { } current)
        {
            CheckCurrent(current, info);
        }

        if (files.Receipt is not null)
        {
            return null;
        }

        ICopy? goOn = parts.Copies.Next ?? (_isRebuildWanted ? null : parts.Copies.Current);
        return goOn ?? await BeginAsync(info, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Decides whether a failure means that a copy can't go on.</summary>
    /// <returns>How long to wait before the next step; none when the same copy may be tried again.</returns>
    public TimeSpan? React(StorageException exception)
    {
        bool isBuilding = parts.Copies.Next is not null || files.Receipt is not null;
        bool isLost = exception.Code is StorageErrorCode.Compacted or StorageErrorCode.EpochChanged or StorageErrorCode.Diverged;
        bool isUseless = files.Receipt is not null
            ? exception.Code is StorageErrorCode.NotFound or StorageErrorCode.InvalidArgument
            : exception.Code == StorageErrorCode.Corrupt && parts.Board.Phase == ReplicaPhase.LoadingFiles;
        if (!isLost && !isUseless)
        {
            return null;
        }

        ForgetAttempts();
        _isHistoryLost = true;
        if (exception.Code == StorageErrorCode.Diverged)
        {
            Log.Diverged(parts.Logger, parts.Options.Name, exception.Message);
        }

        if (!isBuilding && parts.Copies.Current is { } current)
        {
            LoseCurrent(current, exception);
        }

        _obsolete = exception.Message;
        _attempts++;
        if (_attempts == 1 && !isBuilding)
        {
            return TimeSpan.Zero;
        }

        TimeSpan delay = _anew.Next();
        Log.BeginsAnew(parts.Logger, parts.Options.Name, _attempts, delay, exception.Message);
        return delay;
    }

    /// <summary>Adds to what the source says what can be done about it.</summary>
    public static StorageException Explain(StorageException exception) => exception.Code == StorageErrorCode.Compacted
        ? new StorageException(
            exception.Code,
            $"The source has given up history that the replica needs; a new copy is built. Raise the source's limits of history, or {nameof(ReplicaOptions)}.{nameof(ReplicaOptions.HistoryDuration)}, if this happens again: {exception.Message}",
            exception.Outcome,
            exception)
        : exception;

    /// <summary>A copy that could be followed for a while was no failure. One that is lost at once counts as one more, or copies
    /// would be built one after the other without a pause.</summary>
    private void ForgetAttempts()
    {
        if (_promotedAt is { } promotedAt && parts.Options.TimeProvider.GetElapsedTime(promotedAt) > parts.Options.RetryMaxDelay)
        {
            _attempts = 0;
            _anew.Reset();
        }

        _promotedAt = null;
    }

    private void LoseCurrent(ICopy current, StorageException exception)
    {
        _isRebuildWanted = true;
        if (exception.Code == StorageErrorCode.Compacted)
        {
            Log.Compacted(parts.Logger, parts.Options.Name, exception.Message);
            return;
        }

        SetStale();
        if (exception.Code == StorageErrorCode.EpochChanged)
        {
            Log.EpochChanged(parts.Logger, parts.Options.Name, parts.Meter.Source?.Epoch ?? Guid.Empty, current.State.Position.Epoch);
        }
    }

    private void SetStale()
    {
        parts.Served.SetStale();
        parts.Meter.Lose();
    }

    private void CheckCurrent(ICopy current, StorageInfo info)
    {
        if (current.State.Position.Epoch != info.Epoch)
        {
            if (!parts.Served.IsStale)
            {
                SetStale();
                Log.EpochChanged(parts.Logger, parts.Options.Name, info.Epoch, current.State.Position.Epoch);
            }

            _isRebuildWanted = true;
        }
        else if (!IsOfSameKeys(current.State.Ranges))
        {
            _isRebuildWanted = true;
        }
    }

    private async ValueTask DropObsoleteAsync(StorageInfo info, CancellationToken cancellationToken)
    {
        Position? start = parts.Copies.Next?.State.Position ?? files.Receipt?.Checkpoint.Position;
        if (start is { } position)
        {
            string? reason = _obsolete;
            reason ??= position.Epoch != info.Epoch ? "the source has another epoch" : null;
            reason ??= parts.Copies.Next is { } next && !IsOfSameKeys(next.State.Ranges) ? "other keys are to be copied" : null;
            reason ??= files.Receipt is not null && parts.Ranges.Count > 0 ? "other keys are to be copied" : null;
            if (reason is not null)
            {
                Log.Drops(parts.Logger, parts.Options.Name, reason);
                CheckpointInfo? received = files.Receipt?.Checkpoint;
                await parts.Copies.DropNextAsync(cancellationToken).ConfigureAwait(false);
                if (received is not null)
                {
                    await files.ReleaseAsync(received, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        _obsolete = null;
    }

    private bool IsOfSameKeys(IReadOnlyList<KeyRange> ranges) => CopyRanges.Normalize(ranges).SequenceEqual(parts.Ranges);

    private async ValueTask<ICopy?> BeginAsync(StorageInfo info, CancellationToken cancellationToken)
    {
        CheckNotBehind(info);
        parts.Metrics.CountBootstrap();
        parts.Board.Change(static facts => facts with { Bootstraps = facts.Bootstraps + 1 });
        if (await files.TryBeginAsync(info, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        Position start = ChooseStart(info);
        await parts.Keeper.KeepAsync(start.Revision, cancellationToken).ConfigureAwait(false);
        Log.Begins(parts.Logger, parts.Options.Name, info.Engine, BootstrapKind.Rows, start);
        return await parts.Copies.BeginAsync(parts.Ranges, start, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A source that is itself a copy may be behind what is read here. Who has read that must not read an older copy
    /// next.</summary>
    private void CheckNotBehind(StorageInfo info)
    {
        if (info.Staleness is not null
            && !parts.Served.IsStale
            && parts.Served.Position is { } served
            && served.Epoch == info.Epoch
            && info.Revision < served.Revision)
        {
            throw new StorageException(
                StorageErrorCode.TooStale,
                $"The source, a replica itself, is at revision {info.Revision}, and the copy at {served.Revision} already: a new copy is begun when the source has caught up.");
        }
    }

    /// <summary>From where the copy that is read is, if the source still has that in its history: then the history of the new copy
    /// begins there, and the watches of the replica go on without a gap.</summary>
    private Position ChooseStart(StorageInfo info)
    {
        bool goesOn = !_isHistoryLost
            && parts.Copies.Current is { } current
            && current.State.Position.Epoch == info.Epoch
            && current.State.Position.Revision >= info.CompactedRevision
            && current.State.Position.Revision <= info.Revision;
        return goesOn ? parts.Copies.Current!.State.Position : info.Position;
    }
}
