namespace WsStorage.Cache.Following;

/// <summary>The greatest revision that was handed out. Thread-safe.</summary>
internal sealed class LastSeen
{
    private readonly Lock _gate = new();
    private ulong _revision;
    private ulong _doubtful;
    private int _generation;

    /// <summary>The revision.</summary>
    public ulong Revision => Volatile.Read(ref _revision);

    /// <summary>Counts the stores that were seen, one after the other; taken when something is sent.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Takes note of a revision before it is handed out.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="generation">The generation when it was asked for.</param>
    public void Observe(Revision revision, int generation)
    {
        if (revision.Value <= Revision)
        {
            return;
        }

        lock (_gate)
        {
            if (revision.Value > _revision)
            {
                Volatile.Write(ref _revision, revision.Value);
            }

            if (generation != _generation)
            {
                // It may be of the store before: it counts until the store itself says that it is not there yet.
                _doubtful = Math.Max(_doubtful, revision.Value);
            }
        }
    }

    /// <summary>Forgets everything: the store is another one, whose revisions mean something else.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _generation++;
            _doubtful = 0;
            Volatile.Write(ref _revision, 0);
        }
    }

    /// <summary>Takes back a revision that is of another store.</summary>
    /// <param name="revision">How far the store said that it is.</param>
    /// <param name="before">What was last seen when it was asked.</param>
    public void Settle(Revision revision, ulong before)
    {
        lock (_gate)
        {
            if (_revision == before && _revision <= _doubtful && revision.Value < _revision)
            {
                Volatile.Write(ref _revision, revision.Value);
                _doubtful = 0;
            }
        }
    }
}
