using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;
using WsStorage.Replica.Following;
using WsStorage.Replica.Reporting;
using WsStorage.Replica.Serving;

namespace WsStorage.Replica;

/// <summary>What the parts of one replica share.</summary>
internal sealed class ReplicaParts : IDisposable
{
    private readonly Pulse _followed = new();
    private FeedTail? _tail;

    public ReplicaParts(IStorage source, ICopyStore copies, ReplicaOptions options)
    {
        Source = source;
        Copies = copies;
        Options = options;
        Ranges = CopyRanges.Normalize(options.Ranges);
        Logger = options.LoggerFactory.CreateLogger("WsStorage.Replica");
        Leases = new CopyLeases(options, Logger);
        Meter = new LagMeter(source, options);
        Board = new StatusBoard(options, Served, Meter, Logger);
        Keeper = new HistoryKeeper(source, options, Logger);
        Metrics = new ReplicaMetrics(options.Name, Meter);
    }

    public IStorage Source { get; }

    public ICopyStore Copies { get; }

    public ReplicaOptions Options { get; }

    /// <summary>The keys that are copied, in order; none for all.</summary>
    public IReadOnlyList<KeyRange> Ranges { get; }

    public ILogger Logger { get; }

    public CopyLeases Leases { get; }

    public ServedPosition Served { get; } = new();

    public LagMeter Meter { get; }

    public StatusBoard Board { get; }

    public HistoryKeeper Keeper { get; }

    public ReplicaMetrics Metrics { get; }

    /// <summary>What the source, or whoever mended something, wants to be read again.</summary>
    public Invalidations Invalidations { get; } = new();

    /// <summary>Follows for the copy that is read; none while nothing does.</summary>
    public FeedTail? Tail
    {
        get => Volatile.Read(ref _tail);
        set
        {
            Volatile.Write(ref _tail, value);
            _followed.Beat();
        }
    }

    /// <summary>Completes when <see cref="Tail"/> is another.</summary>
    public Task TailChanged => _followed.Next;

    /// <summary>Notices when the copy that is read, and followed, has come to where the source was.</summary>
    public void CheckLive()
    {
        if (Tail is not null && Meter.RevisionLag == 0 && Board.TryGoLive())
        {
            Log.Live(Logger, Options.Name, Served.Position?.Revision ?? Revision.None);
        }
    }

    public void Dispose() => Metrics.Dispose();
}
