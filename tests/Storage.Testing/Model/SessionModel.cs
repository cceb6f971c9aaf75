namespace WsStorage.Testing;

/// <summary>What stamped writes do, told as simply as possible: everything that was ever executed is kept in dictionaries.</summary>
internal sealed class SessionModel
{
    private readonly Dictionary<Guid, ModelSession> _sessions = [];
    private ulong _revision;
    private bool _present;

    private sealed class ModelSession
    {
        public ulong KnownFrom { get; init; }

        public ulong Acknowledged { get; set; }

        public ulong StoredAcknowledged { get; set; }

        public Dictionary<ulong, (int Body, WriteResult Result)> Executed { get; } = [];
    }

    /// <summary>Begins where a storage is that holds nothing.</summary>
    public SessionModel(Revision start) => _revision = start.Value;

    public Revision Revision => new(_revision);

    public ulong LastNumber(Guid session) => _sessions.TryGetValue(session, out ModelSession? known) ? known.Executed.Keys.Max() : 0;

    /// <summary>The bodies of batches. Some are refused, depending on what was applied before; one has no operations.</summary>
    public static WriteBatch ToBatch(int body) => body switch
    {
        0 => new WriteBatch().Put("a", "0"),
        1 => new WriteBatch().RequireAbsent("b"u8).Put("b", "1"),
        2 => new WriteBatch().RequirePresent("b"u8).Remove("b"),
        _ => new WriteBatch().RequirePresent("b"u8),
    };

    public WriteResult Send(WriteStamp stamp, int body)
    {
        bool mayBeForgotten = stamp is { IsResend: true, IsUnanswered: false };
        if (!_sessions.TryGetValue(stamp.Session, out ModelSession? session))
        {
            if (mayBeForgotten)
            {
                return WriteResult.NotExecuted(StorageErrorCode.OutcomeUnknown);
            }

            session = new ModelSession { KnownFrom = stamp.Number };
            _sessions.Add(stamp.Session, session);
        }

        if (stamp.Number > session.Acknowledged && session.Executed.TryGetValue(stamp.Number, out (int Body, WriteResult Result) first))
        {
            if (first.Body != body)
            {
                return WriteResult.NotExecuted(StorageErrorCode.NumberReused);
            }

            session.Acknowledged = Math.Max(session.Acknowledged, stamp.AcknowledgedThrough);
            return first.Result;
        }

        session.Acknowledged = Math.Max(session.Acknowledged, stamp.AcknowledgedThrough);
        if (stamp.Number <= session.Acknowledged || (mayBeForgotten && stamp.Number < session.KnownFrom))
        {
            return WriteResult.NotExecuted(StorageErrorCode.OutcomeUnknown);
        }

        Assert.That(session.Executed, Does.Not.ContainKey(stamp.Number), "the model itself executes a number twice");
        WriteResult result = Execute(body);
        session.Executed.Add(stamp.Number, (body, result));

        // What is stored of acknowledgements is stored with what is executed.
        session.StoredAcknowledged = session.Acknowledged;
        return result;
    }

    /// <summary>The storage was closed and opened: acknowledgements that no executed write brought are forgotten.</summary>
    public void Restart()
    {
        foreach (ModelSession session in _sessions.Values)
        {
            session.Acknowledged = session.StoredAcknowledged;
        }
    }

    /// <summary>A long time passes, after which no session is known.</summary>
    public void Expire() => _sessions.Clear();

    private WriteResult Execute(int body)
    {
        if ((body == 1 && _present) || (body > 1 && !_present))
        {
            return WriteResult.RefusedAt(Revision, 0);
        }

        _present = body == 1 || (body != 2 && _present);
        _revision += body == 3 ? 0UL : 1;
        return WriteResult.AppliedAt(Revision);
    }
}
