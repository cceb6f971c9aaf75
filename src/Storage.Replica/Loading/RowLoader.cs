using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;
using WsStorage.Replica.Reporting;

namespace WsStorage.Replica.Loading;

/// <summary>
/// Loads a copy with the source's rows, from where it was interrupted. While rows are written, the next are read.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="options">How much is written at once.</param>
/// <param name="ranges">The keys that are copied; none for all.</param>
/// <param name="board">Hears how far it is.</param>
/// <param name="metrics">Counts the rows.</param>
/// <param name="logger">Hears where it goes on.</param>
internal sealed class RowLoader(
    IStorage source, ReplicaOptions options, IReadOnlyList<KeyRange> ranges, StatusBoard board, ReplicaMetrics metrics, ILogger logger)
{
    private readonly int _pageBytes = Math.Clamp(options.ApplyBytes / 4, 1024, 1024 * 1024);
    private RowBuffer _filling = new();
    private RowBuffer _writing = new();
    private Task _write = Task.CompletedTask;

    /// <summary>Loads what is missing.</summary>
    /// <param name="copy">The copy, which is being loaded.</param>
    /// <param name="expected">What the source said of itself.</param>
    /// <param name="progressed">Called after each write.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <returns>Completes when all rows are there.</returns>
    /// <exception cref="StorageException">The source or the copy failed.</exception>
    public async Task LoadAsync(ICopy copy, StorageInfo expected, Action progressed, CancellationToken cancellationToken)
    {
        CopyLoad load = copy.State.Load!;
        bool isOfAll = ranges.Count == 0;
        if (load.Rows > 0)
        {
            Log.GoesOnLoading(logger, options.Name, load.Rows, load.Bytes);
        }

        board.Load.Begin(load.Rows, load.Bytes, isOfAll ? expected.ApproximateKeys : null, isOfAll ? expected.ApproximateBytes : null);
        try
        {
            foreach (KeyRange range in CopyRanges.Walk(ranges))
            {
                KeyRange left = load.Last is { } last ? range.Intersect(KeyRange.From(After(last.Span))) : range;
                if (!left.IsEmpty)
                {
                    await LoadRangeAsync(copy, left, progressed, cancellationToken).ConfigureAwait(false);
                }
            }

            // A scan that found nothing in what was left says no revision; it read this one at the latest.
            StorageInfo info = await source.GetInfoAsync(cancellationToken).ConfigureAwait(false);
            CheckNotBehind(load, info.Revision);
            await TurnAsync(copy, info.Revision, progressed).ConfigureAwait(false);
            await _write.ConfigureAwait(false);
        }
        finally
        {
            await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _write = Task.CompletedTask;
            _filling.Clear();
            _writing.Clear();
            board.Load.End();
        }
    }

    private static byte[] After(ReadOnlySpan<byte> key)
    {
        byte[] after = new byte[key.Length + 1];
        key.CopyTo(after);
        return after;
    }

    private static void CheckNotBehind(CopyLoad load, Revision revision)
    {
        if (revision < load.Start.Revision)
        {
            throw new StorageException(
                StorageErrorCode.TooStale,
                $"The source is at revision {revision}, behind {load.Start.Revision}, where the loading of the copy began: it is another replica of the same store, perhaps. Its rows can't be used until it has caught up.");
        }
    }

    private async Task LoadRangeAsync(ICopy copy, KeyRange range, Action progressed, CancellationToken cancellationToken)
    {
        CopyLoad begun = copy.State.Load!;
        var scan = new ScanOptions { Range = range, PageBytes = _pageBytes };
        try
        {
            await foreach (ScanPage page in source.ScanPagesAsync(scan, cancellationToken).ConfigureAwait(false))
            {
                CheckNotBehind(begun, page.Revision);
                _filling.Add(page);
                if (_filling.Length >= options.ApplyBytes)
                {
                    await TurnAsync(copy, completeAt: null, progressed).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (_filling.Count > 0 && exception is StorageException or OperationCanceledException)
        {
            // What has been read need not be read again.
            await TurnAsync(copy, completeAt: null, progressed).ConfigureAwait(false);
            await _write.ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Begins to write what was read, when what was read before is written.</summary>
    private async Task TurnAsync(ICopy copy, Revision? completeAt, Action progressed)
    {
        await _write.ConfigureAwait(false);
        (_filling, _writing) = (_writing, _filling);
        _filling.Clear();
        _write = WriteAsync(copy, completeAt, progressed);
    }

    private async Task WriteAsync(ICopy copy, Revision? completeAt, Action progressed)
    {
        CopyLoad before = copy.State.Load!;
        CopyLoad load = before with
        {
            Last = _writing.Count > 0 ? _writing.LastKey : before.Last,
            WholeAt = Max(before.WholeAt, Max(_writing.Revision, completeAt ?? Revision.None)),
            Rows = before.Rows + _writing.Count,
            Bytes = before.Bytes + _writing.RowBytes,
            IsComplete = completeAt is not null,
        };
        await copy.LoadAsync(_writing.Rows, load, CancellationToken.None).ConfigureAwait(false);
        metrics.CountRows(_writing.Count);
        board.Load.Reach(load.Rows, load.Bytes);
        board.TellSoon();
        progressed();
    }

    private static Revision Max(Revision left, Revision right) => left > right ? left : right;
}
