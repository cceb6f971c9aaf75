namespace WsStorage.Core.Feed;

/// <summary>
/// Decides when watches to which nothing happens learn how far they are complete, with one timer for all of them, which runs
/// only while some are behind. Used under the dispatcher's lock.
/// </summary>
internal sealed class ProgressMarks : IDisposable
{
    private static readonly TimeSpan Never = Timeout.InfiniteTimeSpan;

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly List<FeedWatch> _watches = [];
    private TimeSpan _shortest = TimeSpan.MaxValue;
    private bool _armed;
    private bool _disposed;

    public ProgressMarks(FeedDispatcher dispatcher, TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static state => ((FeedDispatcher)state!).OnMarksDue(), dispatcher, Never, Never);
    }

    /// <summary>A watch is told from here on.</summary>
    /// <param name="watch">The watch.</param>
    /// <param name="isBehind">Whether something was dispatched that it has not been told of.</param>
    public void Add(FeedWatch watch, bool isBehind)
    {
        bool isSooner = watch.ProgressInterval < _shortest;
        _shortest = isSooner ? watch.ProgressInterval : _shortest;
        if (isSooner && _armed)
        {
            isBehind = true;
            _armed = false;
        }

        if (isBehind)
        {
            Arm();
        }
    }

    /// <summary>Something was dispatched: watches that it does not touch fall behind.</summary>
    public void Arm()
    {
        if (!_armed && !_disposed)
        {
            _armed = true;
            _timer.Change(_shortest, Never);
        }
    }

    /// <summary>Gives a mark to each watch that is due.</summary>
    /// <param name="index">The watches.</param>
    /// <param name="dispatched">Up to where all have been told.</param>
    public void Give(RangeIndex<FeedWatch> index, Position dispatched)
    {
        _armed = false;
        index.CopyTo(_watches);
        long now = _time.GetTimestamp();
        TimeSpan next = TimeSpan.MaxValue;
        _shortest = TimeSpan.MaxValue;
        foreach (FeedWatch watch in _watches)
        {
            TimeSpan due = watch.OfferMark(dispatched, now);
            next = due < next ? due : next;
            _shortest = watch.ProgressInterval < _shortest ? watch.ProgressInterval : _shortest;
        }

        _watches.Clear();
        if (next < TimeSpan.MaxValue && !_disposed)
        {
            // Many watches are due at many times: marks that are due soon after each other are given together.
            TimeSpan least = _shortest / 4;
            _armed = true;
            _timer.Change(next > least ? next : least, Never);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _timer.Dispose();
    }
}
