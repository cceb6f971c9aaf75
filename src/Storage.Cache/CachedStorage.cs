using Microsoft.Extensions.Logging;
using WsStorage.Cache.Entries;
using WsStorage.Cache.Following;

namespace WsStorage.Cache;

/// <summary>
/// A near cache over another storage: keeps what is read, absent keys included, within a bound in bytes, and is kept right by a
/// watch of the source. For programs that read the same keys often and do not want a whole replica.
/// </summary>
/// <remarks>
/// <para>Reads of keys within <see cref="CacheOptions.Range"/> are answered from memory when that keeps the stated consistency
/// (<see cref="CacheConsistency"/>), and by the source otherwise. Everything else goes to the source.</para>
/// <para>The promises rest on a source whose operations are linearizable, as <see cref="IStorage"/> demands.</para>
/// <para>Thread-safe. An answer from memory allocates nothing but the value, which belongs to the receiver.</para>
/// </remarks>
public sealed partial class CachedStorage : IStorage
{
    /// <summary>The name of the meter: <c>WsStorage.Cache</c>.</summary>
    public const string MeterName = "WsStorage.Cache";

    private readonly IStorage _source;
    private readonly CacheOptions _options;
    private readonly bool _cachesAll;
    private readonly EntryTable _entries;
    private readonly Watermark _watermark;
    private readonly LastSeen _seen = new();
    private readonly CacheMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly Task _watching;
    private long _manyHits;
    private long _misses;
    private volatile bool _closed;

    /// <summary>Makes an empty cache and begins to watch the source.</summary>
    /// <param name="source">The source. It stays the caller's, who disposes of it after the cache.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the options make no sense.</exception>
    public CachedStorage(IStorage source, CacheOptions? options = null)
    {
        _options = options ?? new CacheOptions();
        _options.Validate();
        _source = source;
        _cachesAll = _options.Range == KeyRange.All;
        _entries = new EntryTable(_options);
        _watermark = new Watermark(_options.TimeProvider, _options.MaxStaleness);
        _stopping = _stop.Token;
        Strict = new StrictReads(this);
        _metrics = new CacheMetrics(_options.Name, () => Statistics);
        var watch = new SourceWatch(source, _entries, _watermark, _seen, _options, _options.LoggerFactory.CreateLogger<CachedStorage>());
        _watching = Task.Run(() => watch.RunAsync(_stopping));
    }

    /// <summary>
    /// The same storage, whose reads go to the source (<see cref="CacheConsistency.Strict"/>) and refresh this cache. To dispose
    /// of it does nothing.
    /// </summary>
    public IStorage Strict { get; }

    /// <summary>What the cache has done and holds. Takes each part's lock for a moment.</summary>
    public CacheStatistics Statistics
    {
        get
        {
            CacheStatistics sum = _entries.Statistics;
            return sum with { Hits = sum.Hits + Volatile.Read(ref _manyHits), Misses = Volatile.Read(ref _misses) };
        }
    }

    /// <summary>The greatest revision that was handed out: no read that begins now is answered with what was before it.</summary>
    public Revision LastSeen => new(_seen.Revision);

    /// <summary>The cache knows of all changes of its range up to this revision.</summary>
    public Revision WatchedThrough => new(_watermark.Watched);

    /// <summary>Whether the cache may answer: it watches, and knows to be no older than <see cref="CacheOptions.MaxStaleness"/>.</summary>
    public bool IsFresh => _watermark.IsFresh;

    /// <summary>Stops the watch and drops everything. The source stays as it is.</summary>
    /// <returns>Completes when the watch has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, true))
        {
            await _watching.ConfigureAwait(false);
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _watermark.Reset();
        _entries.Clear();
        _metrics.Dispose();
        _stop.Dispose();
    }

    private static StorageException Closed() =>
        new(StorageErrorCode.Closed, "The cache has been disposed of. Read from its source, or make another one.");

    private void CheckOpen()
    {
        if (_closed)
        {
            throw Closed();
        }
    }
}
