using System.Buffers;
using WsStorage.Core.Sessions;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Sessions;

/// <summary>
/// The records of one session: those on the disk, and the one of the group that is being gathered. Used by the committing
/// thread.
/// </summary>
/// <param name="session">The session.</param>
internal sealed class SessionTrail(Guid session)
{
    private readonly Queue<(ulong Sequence, ulong Highest)> _stored = new();
    private byte[] _buffer = [];
    private int _length = SessionRecord.MaxHeaderBytes;
    private ulong _sequence;
    private ulong _highest;
    private SessionWrite _previous;

    public Guid Session { get; } = session;

    /// <summary>Whether the group that is being gathered has nothing of the session.</summary>
    public bool IsEmpty => _length == SessionRecord.MaxHeaderBytes;

    /// <summary>Takes note of a record on the disk; in the order of sequences.</summary>
    public void AddStored(ulong sequence, ulong highest)
    {
        _sequence = sequence;
        _stored.Enqueue((sequence, highest));
    }

    /// <summary>Makes room for one more write, so that <see cref="Append"/> needs no memory.</summary>
    public void Reserve()
    {
        int needed = _length + SessionRecord.MaxWriteBytes;
        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _buffer.Length));
            _buffer.AsSpan(0, Math.Min(_length, _buffer.Length)).CopyTo(larger);
            Release();
            _buffer = larger;
        }
    }

    /// <summary>Adds a write to the group's record; after <see cref="Reserve"/>.</summary>
    public void Append(in SessionWrite write)
    {
        _length += SessionRecord.WriteWrite(_buffer.AsSpan(_length), write, _previous);
        _highest = Math.Max(_highest, write.Number);
        _previous = write;
    }

    /// <summary>
    /// Adds the group's record to the batch that writes the group, and the removal of those records that hold nothing but what
    /// is acknowledged. The batch is written, or the store stops: so it is noted as written at once.
    /// </summary>
    public void AppendRecord(NativeBatch batch, ColumnFamilyHandle family, in SessionMark mark)
    {
        Span<byte> header = stackalloc byte[SessionRecord.MaxHeaderBytes];
        header = header[..SessionRecord.WriteHeader(header, mark)];
        int start = SessionRecord.MaxHeaderBytes - header.Length;
        header.CopyTo(_buffer.AsSpan(start));
        Span<byte> key = stackalloc byte[SessionRecord.KeyBytes];
        SessionRecord.WriteKey(key, Session, ++_sequence);
        batch.Put(family, key, _buffer.AsSpan(start, _length - start));
        while (_stored.TryPeek(out (ulong Sequence, ulong Highest) oldest) && oldest.Highest <= mark.AcknowledgedThrough)
        {
            SessionRecord.WriteKey(key, Session, oldest.Sequence);
            batch.Remove(family, key);
            _stored.Dequeue();
        }

        _stored.Enqueue((_sequence, _highest));
    }

    /// <summary>Adds the removal of all records to a batch.</summary>
    public void AppendRemoval(NativeBatch batch, ColumnFamilyHandle family)
    {
        Span<byte> key = stackalloc byte[SessionRecord.KeyBytes];
        foreach ((ulong sequence, _) in _stored)
        {
            SessionRecord.WriteKey(key, Session, sequence);
            batch.Remove(family, key);
        }
    }

    /// <summary>Gets ready for the next group.</summary>
    public void Clear()
    {
        Release();
        _length = SessionRecord.MaxHeaderBytes;
        _highest = 0;
        _previous = default;
    }

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
