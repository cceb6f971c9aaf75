using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>What reads through a cache have found, compared with what was written. Thread-safe.</summary>
internal sealed class CacheAudit
{
    /// <summary>A value was current at a revision at or after the last one that the cache had handed out when the read began, and
    /// at or after the one that the answer states.</summary>
    public const string NeverOlderThanSeen = "NeverOlderThanSeen";

    /// <summary>No read finds less of a key than one that had ended before it began.</summary>
    public const string NeverGoesBack = "NeverGoesBack";

    /// <summary>A write that was acknowledged longer ago than the bound when the read began is seen.</summary>
    public const string NeverStalerThanTheBound = "NeverStalerThanTheBound";

    /// <summary>A read of many keys finds both keys of a pair as one batch has left them.</summary>
    public const string ManyKeysAreOfOneRevision = "ManyKeysAreOfOneRevision";

    /// <summary>A read finds what was written to its key.</summary>
    public const string NothingIsMixedUp = "NothingIsMixedUp";

    private readonly VersionHistory[] _keys;
    private readonly Dictionary<string, string> _broken = new(StringComparer.Ordinal);
    private long _reads;
    private long _manyReads;

    public CacheAudit(int keys, TimeSpan maxStaleness) =>
        _keys = [.. Enumerable.Range(0, keys).Select(_ => new VersionHistory(maxStaleness))];

    /// <summary>How many reads there were, each key counted.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <summary>The history of a key.</summary>
    public VersionHistory Of(int key) => _keys[key];

    /// <summary>A read of one key has ended.</summary>
    public void OnRead(int key, Load.CachedValue found, ulong lastSeen, Revision stated, (int NewestRead, int MustBeSeen) begun)
    {
        Interlocked.Increment(ref _reads);
        if (found.Key != key)
        {
            Break(NothingIsMixedUp, $"key {key} gave the value of key {found.Key}");
        }

        if (found.Version < begun.NewestRead)
        {
            Break(NeverGoesBack, $"key {key}: version {found.Version} after version {begun.NewestRead}");
        }

        if (found.Version < begun.MustBeSeen)
        {
            Break(NeverStalerThanTheBound, $"key {key}: version {found.Version}, though version {begun.MustBeSeen} was acknowledged longer ago than that");
        }

        _keys[key].End(found.Version, Math.Max(lastSeen, stated.Value));
    }

    /// <summary>A read of many keys has found both keys of a pair.</summary>
    public void OnPair(Load.CachedValue one, Load.CachedValue other)
    {
        Interlocked.Increment(ref _manyReads);
        if (one.Version != other.Version)
        {
            Break(ManyKeysAreOfOneRevision, $"version {one.Version} of key {one.Key} beside version {other.Version} of key {other.Key}");
        }
    }

    /// <summary>The verdicts, once every write has been acknowledged and every read has ended.</summary>
    public IReadOnlyList<Verdict> Conclude()
    {
        for (int key = 0; key < _keys.Length; key++)
        {
            if (_keys[key].FindCounterexample() is { } found)
            {
                Break(NeverOlderThanSeen, $"key {key}: {found}");
            }
        }

        string each = $"{Reads:n0} reads";
        return
        [
            Judge(NeverOlderThanSeen, each),
            Judge(NeverGoesBack, each),
            Judge(NeverStalerThanTheBound, each),
            Judge(NothingIsMixedUp, each),
            Judge(ManyKeysAreOfOneRevision, $"{_manyReads:n0} pairs"),
        ];
    }

    private Verdict Judge(string guarantee, string what)
    {
        lock (_broken)
        {
            return new Verdict(guarantee, what, _broken.GetValueOrDefault(guarantee));
        }
    }

    /// <summary>The first counterexample is the one that is told.</summary>
    private void Break(string guarantee, string counterexample)
    {
        lock (_broken)
        {
            _broken.TryAdd(guarantee, counterexample);
        }
    }
}
