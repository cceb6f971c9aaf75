using System.Runtime.CompilerServices;

namespace WsStorage.Outbox;

/// <summary>A scan of the target with the pending records over it.</summary>
internal static class MergedScan
{
    public static async IAsyncEnumerable<ScanPage> ReadAsync(
        IStorage target,
        LocalStore local,
        PendingRecords pending,
        ScanOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using ReadHold hold = pending.Hold(holdsDelivery: true);
        var rows = new PendingRows(hold.Overlay, local, options);
        var packer = new PagePacker(options);
        var there = new TargetRows(target.ScanPagesAsync(OfTarget(options, hold.Overlay, rows.Count), cancellationToken).GetAsyncEnumerator(cancellationToken));
        await using (there.ConfigureAwait(false))
        {
            await there.MoveNextAsync(hold.Overlay).ConfigureAwait(false);

            // The revision that the target reads is settled now.
            hold.ReleaseDelivery();
            await rows.MoveNextAsync(cancellationToken).ConfigureAwait(false);
            while ((there.HasRow || rows.HasRow) && !packer.LimitReached)
            {
                if (!there.HasRow || (rows.HasRow && IsBefore(rows.Key, there.Row.Key, options.Reverse)))
                {
                    packer.Append(rows.Key.Span, rows.Value.Span);
                    await rows.MoveNextAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    packer.Append(there.Row.Key.Span, there.Row.Value.Span);
                    await there.MoveNextAsync(hold.Overlay).ConfigureAwait(false);
                }

                if (packer.IsFull)
                {
                    yield return packer.TakePage(there.Revision);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }

            if (!packer.IsEmpty)
            {
                yield return packer.TakePage(there.Revision);
            }
        }
    }

    /// <summary>What to read at the target, so that enough is left once what is pending is taken away.</summary>
    private static ScanOptions OfTarget(ScanOptions options, Overlay overlay, int pendingKeys) =>
        overlay.RemovesIn(options.Range) || options.Limit > long.MaxValue - pendingKeys
            ? options with { Limit = long.MaxValue }
            : options with { Limit = options.Limit + pendingKeys };

    private static bool IsBefore(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> other, bool reverse)
    {
        int order = key.Span.SequenceCompareTo(other.Span);
        return reverse ? order > 0 : order < 0;
    }

    /// <summary>The rows of the target that nothing pending decides on.</summary>
    private sealed class TargetRows(IAsyncEnumerator<ScanPage> pages) : IAsyncDisposable
    {
        private ScanPage.Enumerator _rows;

        public bool HasRow { get; private set; }

        public ScanPage.Row Row => _rows.Current;

        public Revision Revision { get; private set; }

        public async ValueTask MoveNextAsync(Overlay overlay)
        {
            while (true)
            {
                while (_rows.MoveNext())
                {
                    if (overlay.Find(_rows.Current.Key) is null)
                    {
                        HasRow = true;
                        return;
                    }
                }

                if (!await pages.MoveNextAsync().ConfigureAwait(false))
                {
                    HasRow = false;
                    return;
                }

                Revision = pages.Current.Revision;
                _rows = pages.Current.GetEnumerator();
            }
        }

        public ValueTask DisposeAsync() => pages.DisposeAsync();
    }
}
