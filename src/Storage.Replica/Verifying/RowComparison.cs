using WsStorage.Replica.Following;

namespace WsStorage.Replica.Verifying;

/// <summary>
/// Compares the rows of a range, and mends them, at exactly one revision of both: the copy is held there all the while.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="tail">Follows for the copy.</param>
/// <param name="mends">Whether rows that differ are corrected.</param>
/// <param name="comparison">Gets what is found.</param>
internal sealed class RowComparison(IStorage source, FeedTail tail, bool mends, Comparison comparison)
{
    private const int MendBytes = 1 << 20;
    private const int MostAttempts = 100;

    private readonly WriteBatch _mend = new();

    /// <summary>A source that is behind the copy can't be compared with it.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.TooStale"/>.</exception>
    public static void CheckNotBehind(Revision source, Revision held)
    {
        if (source < held)
        {
            throw new StorageException(
                StorageErrorCode.TooStale,
                $"The source is read at revision {source}, and the copy is at {held} already: the source is another replica that is behind, perhaps. Try again when it has caught up.");
        }
    }

    /// <summary>Compares the rows of a range.</summary>
    public async Task CompareAsync(KeyRange range, CancellationToken cancellationToken)
    {
        try
        {
            for (int attempt = 0; attempt < MostAttempts; attempt++)
            {
                Position held = await tail.Gate.HoldAsync(cancellationToken).ConfigureAwait(false);
                RowStream theirs = await RowStream.OpenAsync(source, range, cancellationToken).ConfigureAwait(false);
                await using (theirs.ConfigureAwait(false))
                {
                    Revision? at = theirs.Revision
                        ?? await FindRevisionOfNothingAsync(range, cancellationToken).ConfigureAwait(false);
                    if (at is { } revision)
                    {
                        CheckNotBehind(revision, held.Revision);
                        await tail.Gate.ReachAsync(revision, cancellationToken).ConfigureAwait(false);
                        await CompareAsync(range, theirs, revision, cancellationToken).ConfigureAwait(false);
                        return;
                    }
                }
            }
        }
        finally
        {
            tail.Gate.Release();
        }

        throw new StorageException(
            StorageErrorCode.Timeout,
            $"The source changes so fast that it could not be told in {MostAttempts} attempts at which revision it has no row in a range. Compare when less is written.");
    }

    private async Task CompareAsync(KeyRange range, RowStream theirs, Revision revision, CancellationToken cancellationToken)
    {
        long mended = 0;
        _mend.Clear();
        RowStream own = await RowStream.OpenAsync(tail.Copy, range, cancellationToken).ConfigureAwait(false);
        await using (own.ConfigureAwait(false))
        {
            while (!theirs.AtEnd || !own.AtEnd)
            {
                int order = Compare(theirs, own);
                if (order != 0 || !theirs.Value.Span.SequenceEqual(own.Value.Span))
                {
                    Note(order, theirs, own, revision);
                    mended += mends ? 1 : 0;
                    await MendAsync(MendBytes).ConfigureAwait(false);
                }

                if (order <= 0)
                {
                    await theirs.MoveNextAsync().ConfigureAwait(false);
                }

                if (order >= 0)
                {
                    await own.MoveNextAsync().ConfigureAwait(false);
                }
            }

            await MendAsync(1).ConfigureAwait(false);
        }

        if (mended > 0)
        {
            comparison.CountMended(range, mended);
        }
    }

    private static int Compare(RowStream theirs, RowStream own)
    {
        if (theirs.AtEnd || own.AtEnd)
        {
            return theirs.AtEnd ? 1 : -1;
        }

        return Math.Sign(theirs.Key.Span.SequenceCompareTo(own.Key.Span));
    }

    private void Note(int order, RowStream theirs, RowStream own, Revision revision)
    {
        if (order > 0)
        {
            comparison.CountDifference(own.Key.Span, DifferenceKind.Extra, revision);
            _ = mends ? _mend.Remove(own.Key.Span) : null;
            return;
        }

        comparison.CountDifference(theirs.Key.Span, order < 0 ? DifferenceKind.Missing : DifferenceKind.Different, revision);
        _ = mends ? _mend.Put(theirs.Key.Span, theirs.Value.Span) : null;
    }

    private async ValueTask MendAsync(int fromBytes)
    {
        if (_mend.ByteCount >= fromBytes)
        {
            await tail.Copy.MendAsync(_mend, CancellationToken.None).ConfigureAwait(false);
            _mend.Clear();
        }
    }

    /// <summary>
    /// Finds a revision at which the source has no row in a range. A scan without rows says none; but one that goes on to the
    /// next row after the range, or before it, does.
    /// </summary>
    /// <returns>The revision; none when there is a row by now, or it can't be told.</returns>
    private async Task<Revision?> FindRevisionOfNothingAsync(KeyRange range, CancellationToken cancellationToken)
    {
        var after = new ScanOptions { Range = KeyRange.From(range.Start), Limit = 1, KeysOnly = true };
        (Revision? revision, bool isInside) = await FindRowAsync(after, range, cancellationToken).ConfigureAwait(false);
        if (revision is not null)
        {
            return isInside ? null : revision;
        }

        var before = new ScanOptions { Range = KeyRange.Between(default, range.End), Limit = 1, KeysOnly = true, Reverse = true };
        (revision, isInside) = await FindRowAsync(before, range, cancellationToken).ConfigureAwait(false);
        if (revision is not null)
        {
            return isInside ? null : revision;
        }

        // The whole store is empty: of what revision that was, is certain only if nothing is written meanwhile.
        Revision first = (await source.GetInfoAsync(cancellationToken).ConfigureAwait(false)).Revision;
        var all = new ScanOptions { Limit = 1, KeysOnly = true };
        (revision, _) = await FindRowAsync(all, range, cancellationToken).ConfigureAwait(false);
        Revision last = (await source.GetInfoAsync(cancellationToken).ConfigureAwait(false)).Revision;
        return revision is null && first == last ? first : null;
    }

    private async Task<(Revision? Revision, bool IsInside)> FindRowAsync(
        ScanOptions scan, KeyRange range, CancellationToken cancellationToken)
    {
        await foreach (ScanPage page in source.ScanPagesAsync(scan, cancellationToken).ConfigureAwait(false))
        {
            foreach (ScanPage.Row row in page)
            {
                return (page.Revision, range.Contains(row.Key.Span));
            }
        }

        return default;
    }
}
