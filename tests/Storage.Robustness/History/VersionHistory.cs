using System.Diagnostics;

namespace WsStorage.Robustness.History;

/// <summary>
/// The versions of one key, when they were committed, and what readers have found of them. It keeps for each version only what
/// contradicts the most, so that any number of reads fits into memory. Thread-safe.
/// </summary>
/// <param name="maxStaleness">How old a read may be.</param>
internal sealed class VersionHistory(TimeSpan maxStaleness)
{
    private readonly Lock _gate = new();
    private readonly List<(ulong Revision, long AcknowledgedAt)> _committed = [];
    private readonly List<ulong> _mostClaimed = [];
    private readonly long _maxStaleness = (long)(maxStaleness.TotalSeconds * Stopwatch.Frequency);
    private int _newestRead;
    private int _mustBeSeen;

    /// <summary>Takes note of the next version, which was acknowledged just now. By the key's one writer.</summary>
    public void Acknowledge(Revision revision)
    {
        lock (_gate)
        {
            _committed.Add((revision.Value, Stopwatch.GetTimestamp()));
        }
    }

    /// <summary>A read begins.</summary>
    /// <returns>The newest version that a read has found which has ended; the newest that was acknowledged longer ago than a
    /// read may be old.</returns>
    public (int NewestRead, int MustBeSeen) Begin()
    {
        lock (_gate)
        {
            long latest = Stopwatch.GetTimestamp() - _maxStaleness;
            while (_mustBeSeen < _committed.Count && _committed[_mustBeSeen].AcknowledgedAt < latest)
            {
                _mustBeSeen++;
            }

            return (_newestRead, _mustBeSeen);
        }
    }

    /// <summary>A read ends.</summary>
    /// <param name="version">What it has found.</param>
    /// <param name="claimed">A revision that it claims not to be older than.</param>
    public void End(int version, ulong claimed)
    {
        lock (_gate)
        {
            _newestRead = Math.Max(_newestRead, version);
            while (_mostClaimed.Count <= version)
            {
                _mostClaimed.Add(0);
            }

            _mostClaimed[version] = Math.Max(_mostClaimed[version], claimed);
        }
    }

    /// <summary>Finds a read that claimed more than it found, once every write has been acknowledged.</summary>
    public string? FindCounterexample()
    {
        lock (_gate)
        {
            for (int version = 0; version < Math.Min(_mostClaimed.Count, _committed.Count); version++)
            {
                if (_committed[version].Revision <= _mostClaimed[version])
                {
                    return $"version {version}, overwritten at revision {_committed[version].Revision}, was read as of revision {_mostClaimed[version]} or later";
                }
            }

            return _mostClaimed.Count > _committed.Count + 1 ? $"version {_mostClaimed.Count - 1} was read, and {_committed.Count} were written" : null;
        }
    }
}
