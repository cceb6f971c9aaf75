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
    private byte[] _memory = [];
    private int _start;
    private int _end;

    protected PendingRequest() => Place = new LinkedListNode<PendingRequest>(this);

    public abstract MessageType Type { get; }

    /// <summary>How long the body is, without what changes with each sending.</summary>
    public int Length => _end - MaxHeaderBytes;

    /// <summary>The body as it is sent.</summary>
    public ReadOnlySpan<byte> Body => _memory.AsSpan(_start, _end - _start);

    public RequestStage Stage { get; set; }

    /// <summary>Its place in the order of calls: what is sent again is sent in this order, and before what was never sent.</summary>
    public long CallNumber { get; set; }

    /// <summary>When it was made, as a timestamp of the clock.</summary>
    public long CalledAt { get; set; }

    /// <summary>What becomes of the write if it ends now, without an answer; <see cref="WriteOutcome.NotApplied"/> for a read.</summary>
    public virtual WriteOutcome Outcome => WriteOutcome.NotApplied;

    /// <summary>
    /// Whether to execute it twice is as good as once: then it is sent again when its connection was lost before its answer.
    /// </summary>
    public virtual bool IsRepeatable => true;

    /// <summary>Its place among those that wait, when it is one of them.</summary>
    public LinkedListNode<PendingRequest> Place { get; }

    /// <summary>The connection that it is in flight on, when it is.</summary>
    public ClientConnection? Connection { get; set; }

    /// <summary>Its slot among those in flight.</summary>
    public int Slot { get; set; }

    /// <summary>When it has to end, as a timestamp of the clock; or never.</summary>
    public long Deadline { get; set; }

    /// <summary>How many bytes <see cref="SetHeader"/> may put before the body.</summary>
    protected virtual int MaxHeaderBytes => 0;

    /// <summary>Writes the body that is sent.</summary>
    /// <typeparam name="TMessage">The message's type.</typeparam>
    /// <param name="message">The message; copied.</param>
    public void Encode<TMessage>(in TMessage message)
        where TMessage : IMessage, allows ref struct
    {
        int needed = MaxHeaderBytes + message.BodyLength;
        if (_memory.Length < needed)
        {
            ReleaseBody();
            _memory = ArrayPool<byte>.Shared.Rent(needed);
        }

        _start = MaxHeaderBytes;
        _end = needed;
        var writer = new BodyWriter(_memory.AsSpan(_start, _end - _start));
        message.WriteBody(ref writer);
    }

    /// <summary>Gets ready to be executed anew: what has come of it so far is forgotten.</summary>
    /// <returns>Whether that can be done; if not, it has to end.</returns>
    public virtual bool TryRestart() => true;

    /// <summary>Takes a reply.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body, valid during the call.</param>
    /// <returns>Whether the caller is still to be told, by <see cref="Tell"/>.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the reply makes no sense. The request
    /// has not ended.</exception>
    public abstract bool OnReply(MessageType type, ReadOnlySpan<byte> body);

    /// <summary>Tells the caller what <see cref="OnReply"/> has taken, if that says so.</summary>
    /// <param name="inline">Whether the caller may go on on this thread, for as long as it likes.</param>
    public virtual void Tell(bool inline)
    {
        // Others are told as they take.
    }

    /// <summary>Ends without a reply.</summary>
    /// <param name="exception">Why.</param>
    public abstract void OnFailure(Exception exception);

    /// <summary>Replaces what stands before the body: it changes with each sending.</summary>
    /// <param name="header">At most <see cref="MaxHeaderBytes"/>; copied.</param>
    protected void SetHeader(ReadOnlySpan<byte> header)
    {
        _start = MaxHeaderBytes - header.Length;
        header.CopyTo(_memory.AsSpan(_start));
    }

    /// <summary>Gives the memory of the body back.</summary>
    protected void ReleaseBody()
    {
        byte[] memory = _memory;
        _memory = [];
        _start = MaxHeaderBytes;
        _end = MaxHeaderBytes;
        if (memory.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(memory);
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
