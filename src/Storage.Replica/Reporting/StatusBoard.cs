using Microsoft.Extensions.Logging;
using WsStorage.Replica.Following;
using WsStorage.Replica.Serving;

namespace WsStorage.Replica.Reporting;

/// <summary>Puts together how the replica stands, and tells whoever wants to hear of it. Thread-safe.</summary>
/// <param name="options">Who hears of it.</param>
/// <param name="served">How far the copy is that is read.</param>
/// <param name="meter">How old it is.</param>
/// <param name="logger">Hears of listeners that throw.</param>
internal sealed class StatusBoard(ReplicaOptions options, ServedPosition served, LagMeter meter, ILogger logger)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Pulse _changed = new();
    private ReplicaStatus _facts = new();
    private StorageException? _unanswered;
    private long _appliedBatches;
    private long _reportedAt;
    private int _untold;

    public LoadProgress Load { get; } = new(options.TimeProvider);

    /// <summary>Beats with each change.</summary>
    public Pulse Changed => _changed;

    public ReplicaPhase Phase
    {
        get
        {
            lock (_gate)
            {
                return _facts.Phase;
            }
        }
    }

    public ReplicaStatus Status
    {
        get
        {
            ReplicaStatus facts;
            lock (_gate)
            {
                facts = _facts with { Problem = _facts.Problem ?? _unanswered };
            }

            return Load.AddTo(facts with
            {
                IsReadable = served.Position is not null && facts.Phase != ReplicaPhase.Stopped,
                IsStale = served.IsStale,
                Position = served.Position ?? facts.Position,
                SourceRevision = meter.Source?.Revision,
                RevisionLag = meter.RevisionLag,
                Staleness = meter.Staleness,
                AppliedBatches = Interlocked.Read(ref _appliedBatches),
            });
        }
    }

    /// <summary>Changes what is known, and tells of it.</summary>
    /// <param name="change">Makes the new facts of the old ones.</param>
    public void Change(Func<ReplicaStatus, ReplicaStatus> change)
    {
        lock (_gate)
        {
            ReplicaStatus changed = change(_facts);
            if (changed == _facts || _facts.Phase == ReplicaPhase.Stopped)
            {
                return;
            }

            _facts = changed;
        }

        Tell();
    }

    /// <summary>What was asked of the source last, in passing, was not answered; or was.</summary>
    public void SetUnanswered(StorageException? problem)
    {
        lock (_gate)
        {
            _unanswered = problem;
        }
    }

    /// <summary>The copy that is built is so far.</summary>
    public void SetBuilding(Position position)
    {
        lock (_gate)
        {
            _facts = _facts with { Position = position };
        }

        TellSoon();
    }

    /// <summary>Goes from catching up to live.</summary>
    /// <returns>Whether it has.</returns>
    public bool TryGoLive()
    {
        lock (_gate)
        {
            if (_facts.Phase != ReplicaPhase.CatchingUp)
            {
                return false;
            }

            _facts = _facts with { Phase = ReplicaPhase.Live };
        }

        Tell();
        return true;
    }

    public void CountApplied(int batches) => Interlocked.Add(ref _appliedBatches, batches);

    /// <summary>Tells how the replica stands, unless that was done a moment ago.</summary>
    public void TellSoon()
    {
        long now = options.TimeProvider.GetTimestamp();
        long last = Interlocked.Read(ref _reportedAt);
        if (options.TimeProvider.GetElapsedTime(last, now) >= ReportInterval
            && Interlocked.CompareExchange(ref _reportedAt, now, last) == last)
        {
            Tell();
        }
    }

    /// <summary>Tells how the replica stands.</summary>
    public void Tell()
    {
        _changed.Beat();
        if (options.Progress is not null && Interlocked.Increment(ref _untold) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static board => board.Report(), this, preferLocal: false);
        }
    }

    private void Report()
    {
        int told;
        do
        {
            told = Volatile.Read(ref _untold);
            try
            {
                options.Progress!.Report(Status);
            }
            catch (Exception exception)
            {
                Log.ProgressFailed(logger, options.Name, exception);
            }
        }
        while (Interlocked.Add(ref _untold, -told) > 0);
    }
}
