using System.Buffers;
using WsStorage.Protocol;

namespace WsStorage.WsClient;

/// <summary>
/// A request from its call to its end. It keeps its encoded body, so that it can wait for a connection, and be sent again
/// over another. Its fields are guarded by the <see cref="RequestQueue"/>; it ends exactly once, by whoever has taken it out
/// of there.
/// </summary>
internal abstract class PendingRequest
{
    private byte[] _body = [];
    private int _bodyLength;

    protected PendingRequest() => Place = new LinkedListNode<PendingRequest>(this);

    public abstract MessageType Type { get; }

    public ReadOnlySpan<byte> Body => _body.AsSpan(0, _bodyLength);

    public RequestStage Stage { get; set; }

    /// <summary>Its place among those that wait, when it is one of them.</summary>
    public LinkedListNode<PendingRequest> Place { get; }

    /// <summary>The connection that it is in flight on, when it is.</summary>
    public ClientConnection? Connection { get; set; }

    /// <summary>Its slot among those in flight.</summary>
    public int Slot { get; set; }

    /// <summary>When it has to end, as a timestamp of the clock; or never.</summary>
    public long Deadline { get; set; }

    /// <summary>Writes the body that is sent.</summary>
    /// <typeparam name="TMessage">The message's type.</typeparam>
    /// <param name="message">The message; copied.</param>
    public void Encode<TMessage>(in TMessage message)
        where TMessage : IMessage, allows ref struct
    {
        _bodyLength = message.BodyLength;
        if (_body.Length < _bodyLength)
        {
            ReleaseBody();
            _body = ArrayPool<byte>.Shared.Rent(_bodyLength);
        }

        var writer = new BodyWriter(_body.AsSpan(0, _bodyLength));
        message.WriteBody(ref writer);
    }

    /// <summary>Takes a reply.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body, valid during the call.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the reply makes no sense. The request
    /// has not ended.</exception>
    public abstract void OnReply(MessageType type, ReadOnlySpan<byte> body);

    /// <summary>Ends without a reply.</summary>
    /// <param name="exception">Why.</param>
    public abstract void OnFailure(Exception exception);

    /// <summary>Gives the memory of the body back.</summary>
    protected void ReleaseBody()
    {
        byte[] body = _body;
        _body = [];
        if (body.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }
}

/// <summary>How far a request is.</summary>
internal enum RequestStage : byte
{
    /// <summary>It has ended, or has not begun.</summary>
    Idle,

    /// <summary>It waits to be sent.</summary>
    Waiting,

    /// <summary>It was handed to the connection, and may be on the server.</summary>
    InFlight,
}
