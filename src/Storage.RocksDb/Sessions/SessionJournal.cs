using WsStorage.Core.Sessions;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Sessions;

/// <summary>
/// Keeps the sessions of numbered writes, in memory and on the disk: what a group executes is recorded in the same native
/// write, one record for each session. Used by the committing thread.
/// </summary>
internal sealed class SessionJournal
{
    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Dictionary<Guid, SessionTrail> _trails = [];
    private readonly List<SessionTrail> _touched = [];
    private SessionTrail? _latest;

    /// <summary>Loads the sessions of a store that may be written; those that have expired are removed.</summary>
    /// <exception cref="StorageException">The records could not be read.</exception>
    public SessionJournal(Database database, RocksDbOptions options)
    {
        _database = database;
        _time = options.TimeProvider;
        Table = new SessionTable(options.SessionRetention);
        Load();
        Sweep();
    }

    /// <summary>The sessions.</summary>
    public SessionTable Table { get; }

    /// <summary>How many writes the group that is being gathered has recorded.</summary>
    public uint Count { get; private set; }

    /// <summary>Whether it is time for <see cref="Sweep"/>.</summary>
    public bool IsSweepDue => Table.IsSweepDue(Now());

    /// <summary>Answers a write that is not to be executed (<see cref="SessionTable.Answer"/>).</summary>
    public WriteResult? Answer(in WriteStamp stamp, ulong hash)
    {
        WriteResult? answer = Table.Answer(stamp, hash, Now());
        if (answer is null)
        {
            // Whatever could fail for lack of memory does so before the write is executed.
            FindTrail(stamp.Session).Reserve();
            _touched.EnsureCapacity(_touched.Count + 1);
        }

        return answer;
    }

    /// <summary>Records a write that was executed as a part of the group.</summary>
    public void Record(in WriteStamp stamp, ulong hash, WriteResult result)
    {
        var write = new SessionWrite(stamp.Number, hash, result);
        Table.Record(stamp.Session, write);
        SessionTrail trail = FindTrail(stamp.Session);
        if (trail.IsEmpty)
        {
            _touched.Add(trail);
        }

        trail.Append(write);
        Count++;
    }

    /// <summary>Adds the group's records to the batch that writes it.</summary>
    public void AppendTo(NativeBatch batch)
    {
        foreach (SessionTrail trail in _touched)
        {
            trail.AppendRecord(batch, _database.Sessions!, Table.GetMark(trail.Session));
        }
    }

    /// <summary>Gets ready for the next group.</summary>
    public void Clear()
    {
        foreach (SessionTrail trail in _touched)
        {
            trail.Clear();
        }

        _touched.Clear();
        Count = 0;
    }

    /// <summary>Forgets the sessions that were not used for long, durably; between groups.</summary>
    /// <exception cref="StorageException">The write failed.</exception>
    public void Sweep()
    {
        List<Guid> forgotten = [];
        Table.Sweep(Now(), forgotten);
        if (forgotten.Count == 0)
        {
            return;
        }

        _latest = null;
        using var options = new WriteOptionsHandle(sync: true);
        using var batch = new NativeBatch();
        foreach (Guid session in forgotten)
        {
            if (_trails.Remove(session, out SessionTrail? trail))
            {
                trail.AppendRemoval(batch, _database.Sessions!);
            }
        }

        batch.Write(_database, options);
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private SessionTrail FindTrail(Guid session)
    {
        if (_latest?.Session == session)
        {
            return _latest;
        }

        if (!_trails.TryGetValue(session, out SessionTrail? trail))
        {
            trail = new SessionTrail(session);
            _trails.Add(session, trail);
        }

        _latest = trail;
        return trail;
    }

    private void Load()
    {
        List<SessionWrite> writes = [];
        using var records = new RowIterator(_database, _database.Sessions!, new ReadOptionsHandle());
        for (bool any = records.Start(reverse: false); any; any = records.Move(reverse: false))
        {
            (Guid session, ulong sequence) = SessionRecord.ReadKey(records.Key);
            SessionMark mark = SessionRecord.Read(records.Value, writes);
            Table.Load(session, mark, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(writes));
            FindTrail(session).AddStored(sequence, writes.Max(write => write.Number));
        }
    }
}
