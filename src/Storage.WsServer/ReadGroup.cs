using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsServer;

/// <summary>
/// Gets that arrived together: read in one call, each value written from where the engine holds it straight into the
/// outgoing pack.
/// </summary>
internal sealed class ReadGroup(int capacity, ReplyWriter replies, SingleRequests singles, SessionContext context) : IValueReceiver
{
    private readonly ReadOnlyMemory<byte>[] _keys = new ReadOnlyMemory<byte>[capacity];
    private readonly RequestId[] _ids = new RequestId[capacity];
    private int _answered;
    private Revision _revision;

    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    /// <summary>Adds a get.</summary>
    /// <param name="key">Its key, which stays where it is until <see cref="Execute"/>.</param>
    /// <param name="id">Its id.</param>
    public void Add(ReadOnlyMemory<byte> key, RequestId id)
    {
        _keys[Count] = key;
        _ids[Count] = id;
        Count++;
    }

    /// <summary>Reads what was added, writes one reply for each, and empties the group.</summary>
    /// <param name="storage">Where from.</param>
    public void Execute(IBatchStorage storage)
    {
        _answered = 0;
        try
        {
            storage.ReadMany(_keys.AsSpan(0, Count), this);
        }
        catch (Exception exception)
        {
            ErrorReply failure = context.ToReply(exception);
            for (int i = _answered; i < Count; i++)
            {
                replies.Append(failure, _ids[i]);
            }
        }

        _keys.AsSpan(0, Count).Clear();
        Count = 0;
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
}
