using WsStorage.Replica.Verifying;

namespace WsStorage.Replica.Following;

/// <summary>Reads again what the source has invalidated, and tells the replica's watches when that is done. Thread-safe.</summary>
/// <param name="parts">The replica.</param>
/// <param name="verifier">Compares and mends.</param>
internal sealed class RangeMender(ReplicaParts parts, Verifier verifier)
{
    // More become one that holds them all: it costs hashes, not memory.
    private const int MostRanges = 1000;

    private readonly Lock _gate = new();
    private readonly Pulse _added = new();
    private readonly List<KeyRange> _ranges = [];

    /// <summary>These are to be read again.</summary>
    public void Add(IReadOnlyList<KeyRange> ranges)
    {
        lock (_gate)
        {
            _ranges.AddRange(ranges.Where(range => !range.IsEmpty && !_ranges.Contains(range)));
            if (_ranges.Count > MostRanges)
            {
                KeyRange all = CopyRanges.Hull(CopyRanges.Normalize(_ranges));
                _ranges.Clear();
                _ranges.Add(all);
            }
        }

        _added.Beat();
    }

    /// <summary>Mends until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(parts.Options.RetryBaseDelay, parts.Options.RetryMaxDelay, parts.Options.TimeProvider);
        while (true)
        {
            Task added = _added.Next;
            KeyRange[] ranges = Take();
            if (ranges.Length == 0)
            {
                await added.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            try
            {
                await MendAsync(ranges, cancellationToken).ConfigureAwait(false);
                backoff.Reset();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotMended(parts.Logger, parts.Options.Name, exception.Message);
                Add(ranges);
                await backoff.WaitAsync(backoff.Next(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private KeyRange[] Take()
    {
        lock (_gate)
        {
            KeyRange[] taken = [.. _ranges];
            _ranges.Clear();
            return taken;
        }
    }

    private async Task MendAsync(KeyRange[] ranges, CancellationToken cancellationToken)
    {
        long differences = 0;
        foreach (KeyRange range in ranges)
        {
            var options = new VerifyOptions { Range = range, Mend = true };
            VerifyResult result = await verifier.VerifyAsync(options, progress: null, tellsWatches: false, cancellationToken).ConfigureAwait(false);
            differences += result.Differences;
        }

        Log.Mended(parts.Logger, parts.Options.Name, ranges.Length, differences);
        parts.Invalidations.Tell(ranges);
    }
}
