namespace WsStorage.Replica.Serving;

/// <summary>Sees to it that the copy is as new as a reader demands.</summary>
/// <param name="parts">The replica.</param>
internal sealed class ReadBounds(ReplicaParts parts)
{
    /// <summary>Completes when the copy keeps a bound.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.TooStale"/>.</exception>
    public async ValueTask EnsureAsync(ReadBound bound, CancellationToken cancellationToken)
    {
        parts.Leases.CheckOpen();
        cancellationToken.ThrowIfCancellationRequested();
        if (IsKept(bound))
        {
            return;
        }

        TimeSpan most = bound.Timeout ?? parts.Options.ReadWaitTimeout;
        using var timeout = new CancellationTokenSource(most, parts.Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        StorageException? unanswered = null;
        try
        {
            if (bound.Revision is { } revision)
            {
                await ReachAsync(bound, revision, both.Token).ConfigureAwait(false);
                return;
            }

            if (bound is { Age: not null, IfNot: BoundMiss.Throw })
            {
                throw Missed(bound, wanted: null);
            }

            await AskAndReachAsync(bound, failure => unanswered = failure, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Missed(bound, wanted: null, most, unanswered);
        }
    }

    /// <summary>Refuses at once when the copy does not keep a bound.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.TooStale"/>.</exception>
    public void Check(ReadBound bound)
    {
        if (!IsKept(bound))
        {
            throw Missed(bound, wanted: null);
        }
    }

    private bool IsKept(ReadBound bound)
    {
        if (bound.Revision is { } revision)
        {
            return parts.Served.Has(revision);
        }

        return bound.Age is { } age && !parts.Served.IsStale
            && parts.Meter.IsNoOlderThan(parts.Options.TimeProvider.GetTimestamp(), age);
    }

    private async ValueTask ReachAsync(ReadBound bound, Revision revision, CancellationToken cancellationToken)
    {
        if (!parts.Served.Has(revision))
        {
            if (bound.IfNot == BoundMiss.Throw)
            {
                throw Missed(bound, revision);
            }

            await parts.Served.WaitAsync(revision, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the source how far it is and waits until the copy is there: then it is as new as the source was when the reader
    /// asked, or later. Asks again while it gets no answer.</summary>
    private async ValueTask AskAndReachAsync(ReadBound bound, Action<StorageException> unanswered, CancellationToken cancellationToken)
    {
        long askedAt = parts.Options.TimeProvider.GetTimestamp();
        var backoff = new Backoff(parts.Options.RetryBaseDelay, parts.Options.RetryMaxDelay, parts.Options.TimeProvider);
        while (true)
        {
            try
            {
                (StorageInfo info, _) = await parts.Meter.AskAsync(cancellationToken).ConfigureAwait(false);
                if (parts.Served.Position is { } served && served.Epoch != info.Epoch)
                {
                    if (bound.IfNot == BoundMiss.Throw)
                    {
                        throw Missed(bound, info.Revision);
                    }

                    await parts.Served.WaitForOtherEpochAsync(served.Epoch, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                await ReachAsync(bound, info.Revision, cancellationToken).ConfigureAwait(false);
                if (bound.Age is not { } age || parts.Meter.IsNoOlderThan(askedAt, age))
                {
                    return;
                }

                // The source is itself a copy that is too old.
                unanswered(Missed(bound, info.Revision));
            }
            catch (StorageException exception) when (exception.Code is not (StorageErrorCode.TooStale or StorageErrorCode.Closed))
            {
                unanswered(exception);
                if (bound.IfNot == BoundMiss.Throw)
                {
                    throw Missed(bound, wanted: null, waited: null, exception);
                }
            }

            await backoff.WaitAsync(backoff.Next(), cancellationToken).ConfigureAwait(false);
        }
    }

    private StorageException Missed(ReadBound bound, Revision? wanted, TimeSpan? waited = null, StorageException? cause = null)
    {
        Revision own = parts.Served.Position?.Revision ?? Revision.None;
        string wants;
        string has;
        if (bound.Age is { } age)
        {
            wants = $"no older than {age}";
            has = parts.Meter.Staleness is { } staleness ? $"up to {staleness} old" : "of an unknown age";
        }
        else
        {
            wanted ??= bound.Revision ?? parts.Meter.Source?.Revision;
            wants = wanted is { } revision ? $"at revision {revision} or later" : "as new as its source";
            has = $"at revision {own}";
        }

        string history = parts.Served.IsStale ? ", of another history than its source has now" : string.Empty;
        string wait = waited is { } time ? $" after {time}" : string.Empty;
        return new StorageException(
            StorageErrorCode.TooStale,
            $"The copy of the replica {parts.Options.Name} is {has}{history}{wait}; the read wants it {wants}. Wait longer, ask for less, or read from the source.",
            innerException: cause);
    }
}
