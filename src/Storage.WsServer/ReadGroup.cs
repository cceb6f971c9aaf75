using System.Buffers;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>
/// Reads that arrived together: read in one call, each value written from where the engine holds it straight into the outgoing
/// pack. Owns its keys, so that the session can go on receiving while another thread executes it.
/// </summary>
/// <param name="capacity">How many keys it is meant for.</param>
internal sealed class ReadGroup(int capacity) : IValueReceiver, IThreadPoolWorkItem
{
    // One whose keys once were large keeps its memory; beyond this it is given up rather than kept for ever.
    private const int MaxKeptBytes = 64 * 1024;

    private readonly ReadOnlyMemory<byte>[] _keys = new ReadOnlyMemory<byte>[capacity];
    private readonly RequestId[] _ids = new RequestId[capacity];
    private readonly List<ManyRead> _manyReads = [];
    private readonly ReplyWriter _replies = new();
    private SessionReads? _owner;
    private byte[] _keyBytes = [];
    private int _keyLength;
    private int _gets;
    private int _answered;
    private Revision _revision;

    /// <summary>How many requests there are.</summary>
    public int Count => _gets + _manyReads.Count;

    /// <summary>How many keys they read.</summary>
    public int KeyCount { get; private set; }

    /// <summary>Whether it is time to execute it.</summary>
    public bool IsFull => KeyCount >= capacity;

    /// <summary>Adds a get, unless it is full.</summary>
    /// <param name="key">Its key; copied.</param>
    /// <param name="id">Its id.</param>
    public void Add(ReadOnlySpan<byte> key, RequestId id)
    {
        Memory<byte> copy = Reserve(key.Length);
        key.CopyTo(copy.Span);
        _keys[_gets] = copy;
        _ids[_gets++] = id;
        KeyCount++;
    }

    /// <summary>Adds a get of many.</summary>
    /// <param name="body">The body of the request; copied.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="StorageException">The body is malformed, or asks for what may not be asked; nothing was added.</exception>
    public void AddMany(ReadOnlySpan<byte> body, RequestId id)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(body.Length);
        try
        {
            body.CopyTo(rented);
            ReadOnlyMemory<byte>[] keys = GetManyRequest.ReadKeys(rented.AsMemory(0, body.Length));
            _manyReads.Add(new ManyRead(rented, keys, id));
            KeyCount += keys.Length;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(rented);
            throw;
        }
    }

    /// <summary>Gives the group to a session, until it is executed.</summary>
    /// <param name="owner">The session's reads.</param>
    public void BelongTo(SessionReads owner)
    {
        _owner = owner;
        _replies.Outbox = owner.Outbox;
    }

    /// <summary>Reads what was added, sends one reply for each, empties the group, and gives it back.</summary>
    public void Execute()
    {
        SessionReads owner = _owner!;
        int count = Count;
        try
        {
            Execute(owner);
        }
        catch (Exception exception)
        {
            // Failures of the storage are replies; this is none, and the thread is nobody's who could tell.
            owner.OnDefect(exception);
        }

        Clear();
        owner.Finish(this, count);
    }

    void IValueReceiver.OnRevision(Revision revision) => _revision = revision;

    void IValueReceiver.OnValue(int index, ReadOnlySpan<byte> value)
    {
        _answered = index + 1;
        SessionContext context = _owner!.Context;
        if (_replies.IsOutboxFull)
        {
            // The client asks for more than it reads: what it has not room for is read again when it has.
            _owner.Singles.Get(_keys[index], _ids[index], inTurn: true);
        }
        else if (value.Length > context.MaxReplyBytes)
        {
            _replies.Append(ReplyLimit.TooLarge(value.Length, context.PeerMaxMessageBytes), _ids[index]);
        }
        else
        {
            _replies.Append(new GetReply(_revision, found: true, value), _ids[index]);
        }
    }

    void IValueReceiver.OnMissing(int index)
    {
        _answered = index + 1;
        _replies.Append(new GetReply(_revision, found: false, default), _ids[index]);
    }

    private void Execute(SessionReads owner)
    {
        if (_gets > 0)
        {
            ReadEach(owner);
        }

        foreach (ManyRead read in _manyReads)
        {
            ReadMany(owner, read);
        }

        _replies.Flush();
    }

    private void ReadEach(SessionReads owner)
    {
        _answered = 0;
        try
        {
            owner.Storage.ReadMany(_keys.AsSpan(0, _gets), this);
        }
        catch (Exception exception)
        {
            ErrorReply failure = owner.Context.ToReply(exception);
            for (int i = _answered; i < _gets; i++)
            {
                _replies.Append(failure, _ids[i]);
            }
        }
    }

    private void ReadMany(SessionReads owner, ManyRead read)
    {
        SessionContext context = owner.Context;
        if (_replies.IsOutboxFull)
        {
            owner.Singles.GetMany(read.Keys, read.Id, inTurn: true);
            return;
        }

        using var reply = new ManyReadReply();
        try
        {
            reply.Read(owner.Storage, read.Keys, context.MaxReplyBytes);
        }
        catch (Exception exception)
        {
            _replies.Append(context.ToReply(exception), read.Id);
            return;
        }

        if (reply.IsTooLarge)
        {
            _replies.Append(ReplyLimit.TooLarge(reply.Length, context.PeerMaxMessageBytes), read.Id);
        }
        else
        {
            _replies.Append(MessageType.GetManyReply, reply.Body, read.Id);
        }
    }

    /// <summary>Keys that were reserved before stay where they are.</summary>
    private Memory<byte> Reserve(int length)
    {
        if (_keyBytes.Length - _keyLength < length)
        {
            _keyBytes = new byte[Math.Max(length, Math.Max(1024, 2 * _keyBytes.Length))];
            _keyLength = 0;
        }

        Memory<byte> reserved = _keyBytes.AsMemory(_keyLength, length);
        _keyLength += length;
        return reserved;
    }

    private void Clear()
    {
        foreach (ManyRead read in _manyReads)
        {
            ArrayPool<byte>.Shared.Return(read.Rented);
        }

        _owner = null;
        _replies.Outbox = null;
        _keys.AsSpan(0, _gets).Clear();
        _manyReads.Clear();
        _gets = 0;
        KeyCount = 0;
        _keyLength = 0;
        if (_keyBytes.Length > MaxKeptBytes)
        {
            _keyBytes = [];
        }
    }

    private readonly record struct ManyRead(byte[] Rented, ReadOnlyMemory<byte>[] Keys, RequestId Id);
}
