using System.Buffers;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>
/// Reads that arrived together: read in one call, each value written from where the engine holds it straight into the outgoing
/// pack. Owns its keys, so that the session can go on receiving while another thread executes it.
/// </summary>
internal sealed class ReadGroup(int capacity, ReplyWriter replies, SingleRequests singles, SessionContext context) : IValueReceiver
{
    // One whose keys once were large keeps its memory; beyond this it is given up rather than kept for ever.
    private const int MaxKeptBytes = 64 * 1024;

    private readonly ReadOnlyMemory<byte>[] _keys = new ReadOnlyMemory<byte>[capacity];
    private readonly RequestId[] _ids = new RequestId[capacity];
    private readonly List<ManyRead> _manyReads = [];
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

    /// <summary>Reads what was added, sends one reply for each, and empties the group.</summary>
    /// <param name="storage">Where from.</param>
    public void Execute(IBatchStorage storage)
    {
        if (_gets > 0)
        {
            ReadEach(storage);
        }

        foreach (ManyRead read in _manyReads)
        {
            ReadMany(storage, read);
            ArrayPool<byte>.Shared.Return(read.Rented);
        }

        replies.Flush();
        Clear();
    }

    void IValueReceiver.OnRevision(Revision revision) => _revision = revision;

    void IValueReceiver.OnValue(int index, ReadOnlySpan<byte> value)
    {
        _answered = index + 1;
        if (replies.IsOutboxFull)
        {
            // The client asks for more than it reads: what it has not room for is read again when it has.
            singles.Get(_keys[index], _ids[index], inTurn: true);
        }
        else if (value.Length > context.MaxReplyBytes)
        {
            replies.Append(ReplyLimit.TooLarge(value.Length, context.PeerMaxMessageBytes), _ids[index]);
        }
        else
        {
            replies.Append(new GetReply(_revision, found: true, value), _ids[index]);
        }
    }

    void IValueReceiver.OnMissing(int index)
    {
        _answered = index + 1;
        replies.Append(new GetReply(_revision, found: false, default), _ids[index]);
    }

    private void ReadEach(IBatchStorage storage)
    {
        _answered = 0;
        try
        {
            storage.ReadMany(_keys.AsSpan(0, _gets), this);
        }
        catch (Exception exception)
        {
            ErrorReply failure = context.ToReply(exception);
            for (int i = _answered; i < _gets; i++)
            {
                replies.Append(failure, _ids[i]);
            }
        }
    }

    private void ReadMany(IBatchStorage storage, ManyRead read)
    {
        if (replies.IsOutboxFull)
        {
            singles.GetMany(read.Keys, read.Id, inTurn: true);
            return;
        }

        using var reply = new ManyReadReply();
        try
        {
            reply.Read(storage, read.Keys, context.MaxReplyBytes);
        }
        catch (Exception exception)
        {
            replies.Append(context.ToReply(exception), read.Id);
            return;
        }

        if (reply.IsTooLarge)
        {
            replies.Append(ReplyLimit.TooLarge(reply.Length, context.PeerMaxMessageBytes), read.Id);
        }
        else
        {
            replies.Append(MessageType.GetManyReply, reply.Body, read.Id);
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
