using System.Diagnostics.CodeAnalysis;

namespace WsStorage.WsServer.Leases;

/// <summary>Which leases there are, whose they are, and which is due next. Not thread-safe.</summary>
internal sealed class LeaseTable(LeaseOptions options)
{
    private readonly Dictionary<ulong, KeptLease> _leases = [];
    private readonly Dictionary<Guid, HashSet<KeptLease>> _bySession = [];
    private readonly SortedSet<(TimeSpan Deadline, ulong Id)> _deadlines = [];

    public int Count => _leases.Count;

    public IEnumerable<KeptLease> All => _leases.Values;

    /// <summary>Whether none is due any more, whatever its deadline.</summary>
    public bool IsHeld { get; set; }

    /// <summary>When the next is due; none when none is.</summary>
    public TimeSpan? NextDeadline => _deadlines.Count > 0 && !IsHeld ? _deadlines.Min.Deadline : null;

    public bool TryGet(ulong id, [NotNullWhen(true)] out KeptLease? lease) => _leases.TryGetValue(id, out lease);

    public IReadOnlyCollection<KeptLease> Of(Guid session) =>
        _bySession.TryGetValue(session, out HashSet<KeptLease>? own) ? own : [];

    /// <summary>Refuses one lease more than may be.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LimitExceeded"/>.</exception>
    public void CheckRoom(Guid session)
    {
        int own = Of(session).Count;
        if (own >= options.MaxLeasesPerSession)
        {
            throw new StorageException(
                StorageErrorCode.LimitExceeded,
                $"The client has {own} leases, the most that it may. Bind several keys to one lease, or end leases that are not needed.");
        }

        if (_leases.Count >= options.MaxLeases)
        {
            throw new StorageException(
                StorageErrorCode.LimitExceeded,
                $"There are {_leases.Count} leases, the most that may be. Try later, or raise {nameof(LeaseOptions)}.{nameof(LeaseOptions.MaxLeases)}.");
        }
    }

    public void Add(KeptLease lease)
    {
        _leases.Add(lease.Id, lease);
        if (!_bySession.TryGetValue(lease.Session, out HashSet<KeptLease>? own))
        {
            _bySession.Add(lease.Session, own = []);
        }

        own.Add(lease);
    }

    /// <summary>Removes a lease, if it is there.</summary>
    public void Remove(KeptLease lease)
    {
        SetDeadline(lease, null);
        if (!_leases.TryGetValue(lease.Id, out KeptLease? known) || known != lease)
        {
            return;
        }

        _leases.Remove(lease.Id);
        HashSet<KeptLease> own = _bySession[lease.Session];
        own.Remove(lease);
        if (own.Count == 0)
        {
            _bySession.Remove(lease.Session);
        }
    }

    public void SetDeadline(KeptLease lease, TimeSpan? deadline)
    {
        if (lease.Deadline is { } before)
        {
            _deadlines.Remove((before, lease.Id));
        }

        lease.Deadline = deadline;
        if (deadline is { } due)
        {
            _deadlines.Add((due, lease.Id));
        }
    }

    /// <summary>Lets a lease's time run if its session is away, and not otherwise. One that is over is not saved.</summary>
    public void Age(KeptLease lease, TimeSpan now, bool isAway)
    {
        if (!lease.IsOver && isAway != lease.Deadline is not null)
        {
            SetDeadline(lease, isAway ? now + lease.TimeToLive : null);
        }
    }

    /// <summary>Takes over what a store holds and is not known yet. What was begun to be ended is due at once.</summary>
    /// <returns>The leases that are new, for which no time runs yet.</returns>
    public IReadOnlyList<KeptLease> Merge(LeaseScan found, TimeSpan now)
    {
        foreach (ulong id in found.Remains.Where(id => !_leases.ContainsKey(id)))
        {
            var rest = new KeptLease(id, Guid.Empty, TimeSpan.Zero) { IsOver = true };
            Add(rest);
            SetDeadline(rest, now);
        }

        // One that is known has been asked for again before it was read.
        KeptLease[] leases =
        [
            .. found.Leases.Where(each => !_leases.ContainsKey(each.Id))
                .Select(each => new KeptLease(each.Id, each.Record.Session, each.Record.TimeToLive)),
        ];
        Array.ForEach(leases, Add);
        return leases;
    }

    /// <summary>Takes the next that is due off the deadlines.</summary>
    public bool TryTakeDue(TimeSpan now, [NotNullWhen(true)] out KeptLease? lease)
    {
        lease = null;
        if (NextDeadline is not { } deadline || deadline > now)
        {
            return false;
        }

        lease = _leases[_deadlines.Min.Id];
        SetDeadline(lease, null);
        return true;
    }
}
