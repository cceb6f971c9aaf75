using WsStorage.Core.Copies;

namespace WsStorage.Replica.Following;

/// <summary>What the loop hears of a copy that is followed.</summary>
internal interface IFollowing
{
    /// <summary>The source has accepted the copy's position.</summary>
    void OnBegun();

    /// <summary>Something has been brought home: what fails next is the first failure.</summary>
    void OnProgress();

    /// <summary>The copy that was built is read from now on.</summary>
    void OnPromoted();
}

/// <summary>Keeps one copy in step with the source; has one that was built read as soon as it is whole.</summary>
internal sealed class CopyFollower : ITailObserver
{
    private readonly ReplicaParts _parts;
    private readonly ICopy _copy;
    private readonly RebuildRequests _rebuilds;
    private readonly RangeMender _mender;
    private readonly IFollowing _loop;
    private readonly FeedTail _tail;
    private bool _isServed;

    public CopyFollower(ReplicaParts parts, ICopy copy, RebuildRequests rebuilds, RangeMender mender, IFollowing loop)
    {
        _parts = parts;
        _copy = copy;
        _rebuilds = rebuilds;
        _mender = mender;
        _loop = loop;
        _tail = new FeedTail(parts.Source, copy, parts.Ranges, parts.Options.ApplyBytes, parts.Options.TimeProvider, this);
        _isServed = parts.Leases.Serves(copy);
    }

    /// <summary>Follows until it fails or is cancelled; never just ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _tail.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _parts.Tail = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask OnBegunAsync(CancellationToken cancellationToken)
    {
        _loop.OnBegun();
        if (_isServed)
        {
            _parts.Tail = _tail;
            _parts.CheckLive();
        }
        else
        {
            await PromoteIfWholeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask OnAppliedAsync(Position position, int batches, CancellationToken cancellationToken)
    {
        _loop.OnProgress();
        _parts.Board.CountApplied(batches);
        _parts.Metrics.CountApplied(batches);
        _parts.Keeper.Reach(position.Revision);
        if (!_isServed)
        {
            _parts.Board.SetBuilding(position);
            await PromoteIfWholeAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        _parts.Meter.Reach(position);
        _parts.Served.Reach(position);
        _parts.CheckLive();
        _parts.Board.TellSoon();
    }

    /// <inheritdoc/>
    public void OnInvalidated(IReadOnlyList<KeyRange> ranges)
    {
        if (ranges.Contains(KeyRange.All))
        {
            Log.AllInvalidated(_parts.Logger, _parts.Options.Name);
            _rebuilds.AddInvalidation();
        }
        else
        {
            _mender.Add(ranges);
        }
    }

    private async ValueTask PromoteIfWholeAsync(CancellationToken cancellationToken)
    {
        if (!_copy.State.IsWhole)
        {
            return;
        }

        // A promotion that failed after its step has made it the current one already.
        IAsyncDisposable? former = ReferenceEquals(_copy, _parts.Copies.Current)
            ? null
            : await _parts.Copies.PromoteAsync(cancellationToken).ConfigureAwait(false);
        Position position = _copy.State.Position;
        _isServed = true;
        _parts.Leases.Serve(_copy, former);
        _parts.Meter.Reach(position);
        _parts.Served.Replace(position);
        _parts.Tail = _tail;
        Log.Promoted(_parts.Logger, _parts.Options.Name, position.Revision);
        _loop.OnPromoted();
        _parts.CheckLive();
        if (_rebuilds.Complete())
        {
            _parts.Invalidations.Tell([KeyRange.All]);
        }
    }
}
