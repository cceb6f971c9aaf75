using WsStorage.Core.Copies;

namespace WsStorage.Replica.Following;

/// <summary>What a tail tells of: each is awaited before anything more is applied.</summary>
internal interface ITailObserver
{
    /// <summary>The source has accepted the copy's position.</summary>
    ValueTask OnBegunAsync(CancellationToken cancellationToken);

    /// <summary>The copy is further.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="batches">How many batches brought it there.</param>
    /// <param name="cancellationToken">Ends the tail.</param>
    ValueTask OnAppliedAsync(Position position, int batches, CancellationToken cancellationToken);

    /// <summary>The source wants ranges to be read again.</summary>
    void OnInvalidated(IReadOnlyList<KeyRange> ranges);
}

/// <summary>
/// Follows the source from the copy's position on: gathers what the watch has, while what was gathered before is being applied.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="copy">The copy.</param>
/// <param name="ranges">The keys that are copied; none for all.</param>
/// <param name="applyBytes">How many bytes are applied at once, about.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Hears of it.</param>
internal sealed class FeedTail(
    IStorage source, ICopy copy, IReadOnlyList<KeyRange> ranges, int applyBytes, TimeProvider time, ITailObserver observer)
{
    private static readonly TimeSpan MarkInterval = TimeSpan.FromSeconds(1);

    // Between changes that touch it, a copy of some ranges moves on by marks only, and writers wait for it.
    private static readonly TimeSpan FilteredMarkInterval = TimeSpan.FromMilliseconds(100);

    private BatchBuffer _filling = new(ranges, applyBytes);
    private BatchBuffer _applying = new(ranges, applyBytes);
    private Task _apply = Task.CompletedTask;
    private Position _told = copy.State.Position;

    /// <summary>The copy that is kept in step.</summary>
    public ICopy Copy => copy;

    /// <summary>Holds the applying.</summary>
    public ApplyGate Gate { get; } = new(copy.State.Position);

    /// <summary>Follows until it fails or is cancelled; never just ends.</summary>
    /// <exception cref="StorageException">The watch or the copy failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var options = new WatchOptions
        {
            Range = CopyRanges.Hull(ranges),
            After = copy.State.Position,
            Invalidations = true,
            ProgressInterval = ranges.Count == 0 ? MarkInterval : FilteredMarkInterval,
        };
        IAsyncEnumerator<WatchEvent> events = source.WatchAsync(options, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        Task<bool>? move = null;
        try
        {
            Check(await events.MoveNextAsync().ConfigureAwait(false));
            await observer.OnBegunAsync(stop.Token).ConfigureAwait(false);
            while (true)
            {
                // Taken before looking, so that nothing is missed.
                Task opened = Gate.Opened.Next;
                move = Gather(events, move);
                bool isIdle = await BeginApplyAsync(stop.Token).ConfigureAwait(false);

                // Not whether it is idle by now: what has just been applied makes room for what waits.
                Task progress = isIdle ? opened : _apply;
                if (_filling.IsFull)
                {
                    // Who holds the applying may wait for a source that does not answer.
                    await progress.WaitAsync(stop.Token).ConfigureAwait(false);
                }
                else if (move is not null)
                {
                    await Task.WhenAny(move, progress).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception)
        {
            Gate.End(ToReason(exception));
            throw;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            if (move is not null)
            {
                await ((Task)move).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await _apply.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static StorageException ToReason(Exception exception) => exception as StorageException ?? new StorageException(
        StorageErrorCode.NotReady, "The replica does not follow its source at the moment: it was stopped, or begins anew.", innerException: exception);

    private static void Check(bool goesOn)
    {
        if (!goesOn)
        {
            throw new StorageException(StorageErrorCode.Internal, "The source's watch just ended, which no watch may do.");
        }
    }

    /// <summary>Gathers what there is without waiting, while there is room.</summary>
    /// <returns>What is to be awaited for more; perhaps none when there is no room.</returns>
    private Task<bool>? Gather(IAsyncEnumerator<WatchEvent> events, Task<bool>? move)
    {
        while (!_filling.IsFull)
        {
            if (move is null)
            {
                ValueTask<bool> next = events.MoveNextAsync();
                if (!next.IsCompletedSuccessfully)
                {
                    move = next.AsTask();
                    continue;
                }

                Check(next.Result);
            }
            else if (move.IsCompleted)
            {
                Check(move.GetAwaiter().GetResult());
                move = null;
            }
            else
            {
                break;
            }

            Add(events.Current);
        }

        return move;
    }

    private void Add(in WatchEvent told)
    {
        switch (told.Kind)
        {
            case WatchEventKind.Changes:
                _filling.Add(told);
                _told = told.Position;
                break;
            case WatchEventKind.Progress when ranges.Count == 0:
                CheckMark(told.Position);
                break;
            case WatchEventKind.Progress when told.Revision > _told.Revision:
                _filling.AddMark(told.Position, time.GetUtcNow());
                _told = told.Position;
                break;
            case WatchEventKind.Progress:
                // A watch that began anew repeats its first mark.
                break;
            case WatchEventKind.Invalidation:
                observer.OnInvalidated([.. told.InvalidatedRanges.Select(
                    static range => KeyRange.Between(range.Start.ToArray(), range.End.ToArray()))]);
                break;
        }
    }

    /// <summary>Of all keys every batch is told, so a mark says nothing new; if it does, something was skipped.</summary>
    private void CheckMark(Position mark)
    {
        if (mark.Revision > _told.Revision || (mark.Revision == _told.Revision && mark != _told))
        {
            throw new StorageException(
                StorageErrorCode.Diverged, $"The source's watch says that all is told up to {mark}, and what it told leads to {_told}.");
        }
    }

    /// <summary>Begins to apply what was gathered, unless something is being applied, or it is held.</summary>
    /// <returns>Whether nothing was being applied and nothing is, since there is nothing to apply or it is held.</returns>
    private async ValueTask<bool> BeginApplyAsync(CancellationToken cancellationToken)
    {
        if (!_apply.IsCompleted)
        {
            return false;
        }

        await _apply.ConfigureAwait(false);
        if (_applying.Count == 0)
        {
            _applying.Clear();
            (_filling, _applying) = (_applying, _filling);
        }

        int count = _applying.Count == 0 ? 0 : Gate.Admit(_applying);
        if (count > 0)
        {
            _apply = ApplyAsync(count, cancellationToken);
        }

        return count == 0;
    }

    private async Task ApplyAsync(int count, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<CopiedBatch> batches = _applying.Take(count);

        // Not cancelled: the memory is in use until the copy has done with it.
        await copy.ApplyAsync(batches, CancellationToken.None).ConfigureAwait(false);
        Position position = batches.Span[^1].Position;
        await observer.OnAppliedAsync(position, count, cancellationToken).ConfigureAwait(false);
        Gate.Applied(position, _applying.Head);
    }
}
