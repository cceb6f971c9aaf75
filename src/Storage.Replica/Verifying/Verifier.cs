using WsStorage.Replica.Following;
using WsStorage.Replica.Serving;

namespace WsStorage.Replica.Verifying;

/// <summary>
/// Compares the copy with the source. The copy is held where it is until the source's first hash says at which revision the source
/// is read; it is let come to just that revision, its rows are pinned there, and both go on. One comparison at a time.
/// </summary>
/// <param name="parts">The replica.</param>
internal sealed class Verifier(ReplicaParts parts) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Compares.</summary>
    /// <param name="options">What, and whether to mend.</param>
    /// <param name="progress">Hears how far it is.</param>
    /// <param name="tellsWatches">Whether the replica's watches are to hear of the ranges that were mended.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask<VerifyResult> VerifyAsync(
        VerifyOptions options, IProgress<VerifyProgress>? progress, bool tellsWatches, CancellationToken cancellationToken)
    {
        options.Validate();
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            FeedTail tail = await WaitForTailAsync(cancellationToken).ConfigureAwait(false);
            var comparison = new Comparison(progress, parts.Meter.Source?.ApproximateKeys ?? 0);
            try
            {
                await CompareAsync(tail, options, comparison, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException exception)
            {
                throw Stopped(exception, comparison.ToResult());
            }
            finally
            {
                if (tellsWatches && comparison.MendedRanges.Count > 0)
                {
                    parts.Invalidations.Tell(comparison.MendedRanges);
                }
            }

            VerifyResult result = comparison.ToResult();
            if (result.First is { } first)
            {
                Log.Differs(parts.Logger, parts.Options.Name, result.Differences, first.Revision, result.Mended);
            }

            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits for a comparison that is being ended.</summary>
    public async ValueTask CloseAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

    private static StorageException Stopped(StorageException exception, VerifyResult soFar) => new(
        exception.Code,
        $"The comparison of replica and source stopped after {soFar.Rows} rows, of which {soFar.Differences} were found to differ: {exception.Message}",
        exception.Outcome,
        exception);

    private async ValueTask<FeedTail> WaitForTailAsync(CancellationToken cancellationToken)
    {
        long started = parts.Options.TimeProvider.GetTimestamp();
        while (true)
        {
            Task changed = parts.TailChanged;
            parts.Leases.CheckOpen();
            if (parts.Tail is { } tail)
            {
                return tail;
            }

            TimeSpan left = parts.Options.ReadWaitTimeout - parts.Options.TimeProvider.GetElapsedTime(started);
            try
            {
                await changed.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, parts.Options.TimeProvider, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new StorageException(
                    StorageErrorCode.NotReady,
                    $"The replica {parts.Options.Name} does not follow its source at the moment, so that they can't be compared; its status says why. Wait until it is live.",
                    innerException: parts.Board.Status.Problem);
            }
        }
    }

    private async Task CompareAsync(FeedTail tail, VerifyOptions options, Comparison comparison, CancellationToken cancellationToken)
    {
        var rows = new RowComparison(parts.Source, tail, options.Mend, comparison);
        foreach (KeyRange range in CopyRanges.Within(parts.Ranges, options.Range))
        {
            List<KeyRange> suspects = await FindSuspectsAsync(tail, range, options.RowsPerHash, comparison, cancellationToken)
                .ConfigureAwait(false);
            foreach (KeyRange suspect in suspects)
            {
                await rows.CompareAsync(suspect, cancellationToken).ConfigureAwait(false);
            }
        }

        comparison.Report();
    }

    /// <summary>Compares hashes.</summary>
    /// <returns>The ranges whose hashes differ.</returns>
    private async Task<List<KeyRange>> FindSuspectsAsync(
        FeedTail tail, KeyRange range, int rowsPerHash, Comparison comparison, CancellationToken cancellationToken)
    {
        List<KeyRange> suspects = [];
        RowStream? rows = null;
        IAsyncEnumerator<RangeHash>? hashes = null;
        try
        {
            try
            {
                Position held = await tail.Gate.HoldAsync(cancellationToken).ConfigureAwait(false);
                var hashing = new RangeHashOptions { Range = range, RowsPerHash = rowsPerHash };
                hashes = parts.Source.HashRangesAsync(hashing, cancellationToken).GetAsyncEnumerator(CancellationToken.None);
                if (!await hashes.MoveNextAsync().ConfigureAwait(false))
                {
                    return suspects;
                }

                RowComparison.CheckNotBehind(hashes.Current.Revision, held.Revision);
                await tail.Gate.ReachAsync(hashes.Current.Revision, cancellationToken).ConfigureAwait(false);
                rows = await RowStream.OpenAsync(tail.Copy, range, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                tail.Gate.Release();
            }

            do
            {
                RangeHash theirs = hashes.Current;
                (long count, ulong hash) = await HashAsync(rows, theirs.Range).ConfigureAwait(false);
                bool isEqual = count == theirs.Rows && hash == theirs.Hash;
                comparison.CountHash(theirs, isEqual);
                if (!isEqual)
                {
                    suspects.Add(KeyRange.Between(theirs.Range.Start.ToArray(), theirs.Range.End.ToArray()));
                }
            }
            while (await hashes.MoveNextAsync().ConfigureAwait(false));
            return suspects;
        }
        finally
        {
            if (rows is not null)
            {
                await rows.DisposeAsync().ConfigureAwait(false);
            }

            if (hashes is not null)
            {
                await hashes.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Hashes the rows up to the end of a range, as <see cref="RangeHash.Hash"/> says.</summary>
    private static async ValueTask<(long Rows, ulong Hash)> HashAsync(RowStream rows, KeyRange range)
    {
        long count = 0;
        ulong hash = 0;
        while (!rows.AtEnd && (range.End.IsEmpty || rows.Key.Span.SequenceCompareTo(range.End.Span) < 0))
        {
            hash = XxHash64.Hash(rows.Packed.Span, hash);
            count++;
            await rows.MoveNextAsync().ConfigureAwait(false);
        }

        return (count, hash);
    }
}
