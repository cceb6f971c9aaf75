using System.Runtime.CompilerServices;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer;

/// <summary>
/// The one switch over request types. Gathers what arrived together and executes it as one chunk: reads at once on the
/// calling thread, writes as one submission, both answered in packs. Called by the session's loop only; what completes
/// later posts to the outbox by itself.
/// </summary>
internal sealed class RequestDispatcher
{
    // Larger chunks make client and server take turns instead of working at the same time.
    private const int MaxChunk = 128;

    private readonly IBatchStorage? _batches;
    private readonly SessionContext _context;
    private readonly SessionLoad _load;
    private readonly ReplyWriter _replies;
    private readonly SingleRequests _singles;
    private readonly ReadGroup _reads;
    private readonly SessionWrites _writes;
    private readonly SessionStreams _streams;
    private readonly SessionLeases _leases;
    private readonly SessionCheckpoints _checkpoints;

    public RequestDispatcher(
        MessageOutbox outbox, SlowReaderGuard slowReader, SessionContext context, SessionLoad load, SessionStreams streams)
    {
        _batches = context.Storage as IBatchStorage;
        _context = context;
        _load = load;
        _replies = new ReplyWriter(outbox);
        _singles = new SingleRequests(outbox, slowReader, context, load);
        _reads = new ReadGroup(MaxChunk, _replies, _singles, context);
        _writes = new SessionWrites(MaxChunk, outbox, context, load);
        _streams = streams;
        _leases = new SessionLeases(context.Served.Leases, outbox, context, load);
        _checkpoints = new SessionCheckpoints(outbox, slowReader, context, load);
    }

    /// <summary>Whether the chunk is as large as it may be: execute it.</summary>
    public bool IsFull => _reads.IsFull || _writes.IsFull;

    /// <summary>Takes one WebSocket message: a request, or a pack of them.</summary>
    /// <param name="message">The message, which stays where it is until <see cref="Execute"/>.</param>
    /// <exception cref="StorageException">The client broke the protocol in a way that no reply can name.</exception>
    public void Dispatch(ReadOnlyMemory<byte> message)
    {
        if (!Envelope.TryParse(message.Span, out Envelope envelope))
        {
            throw new StorageException(
                StorageErrorCode.ProtocolError, "A message does not end in a separator, a type and an id of at most 16 Base64 digits.");
        }

        if (envelope.Type != MessageType.ClientPack)
        {
            DispatchRequest(message, envelope);
            return;
        }

        foreach (ReadOnlyMemory<byte> packed in new PackReader(message[..envelope.Body.Length]))
        {
            if (!Envelope.TryParse(packed.Span, out Envelope inner) || inner.Type == MessageType.ClientPack)
            {
                throw new StorageException(StorageErrorCode.ProtocolError, "A pack holds something that is not a request.");
            }

            DispatchRequest(packed, inner);
            if (IsFull)
            {
                Execute();
            }
        }
    }

    /// <summary>Executes what was gathered, and sends what can be answered at once.</summary>
    public void Execute()
    {
        _writes.Submit();
        if (_reads.Count > 0)
        {
            _reads.Execute(_batches!);
        }

        _replies.Flush();
    }

    /// <summary>What is left to answer is not wanted any more, because the session is over.</summary>
    public void End() => _checkpoints.End();

    private void DispatchRequest(ReadOnlyMemory<byte> message, Envelope envelope)
    {
        ReadOnlyMemory<byte> body = message[..envelope.Body.Length];
        RequestId id = envelope.Id;
        if (id == RequestId.None)
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A request has no id, so it can't be answered.");
        }

        switch (envelope.Type)
        {
            // These two have no reply of their own, an error included: one that is malformed ends the connection.
            case MessageType.Credit:
                _streams.AddCredit(id, CreditMessage.Read(body.Span));
                break;
            case MessageType.Cancel:
                _streams.Cancel(id);
                break;
            default:
                Answer(envelope.Type, body, id);
                break;
        }
    }

    private void Answer(MessageType type, ReadOnlyMemory<byte> body, RequestId id)
    {
        try
        {
            switch (type)
            {
                case MessageType.Get:
                    CheckLoad();
                    Get(GetRequest.ReadKey(body), id);
                    break;
                case MessageType.Write:
                    CheckLoad();
                    _writes.Add(body.Span, id);
                    break;
                case MessageType.NumberedWrite:
                    CheckLoad();
                    _writes.AddNumbered(body.Span, id);
                    break;
                case MessageType.GetMany:
                    CheckLoad();
                    GetMany(GetManyRequest.ReadKeys(body), id);
                    break;
                case MessageType.Scan:
                    CheckLoad();
                    _streams.StartScan(ScanRequest.Read(body.Span), id);
                    break;
                case MessageType.RangeHash:
                    CheckLoad();
                    _streams.StartRangeHash(RangeHashRequest.Read(body.Span), id);
                    break;
                case MessageType.Watch:
                    CheckDraining();
                    _streams.StartWatch(WatchRequest.Read(body.Span), id);
                    break;
                case MessageType.KeepHistory:
                    CheckLoad();
                    _singles.KeepHistory(KeepHistoryRequest.Read(body.Span), id);
                    break;
                case MessageType.Invalidate:
                    CheckLoad();
                    Invalidate(InvalidateRequest.Read(body.Span), id);
                    break;
                case MessageType.LeaseGrant:
                    CheckLoad();
                    _leases.Grant(body.Span, id);
                    break;
                case MessageType.LeaseEnd:
                    CheckLoad();
                    _leases.End(body.Span, id);
                    break;
                case MessageType.CheckpointCreate:
                    CheckLoad();
                    _checkpoints.Create(id);
                    break;
                case MessageType.CheckpointRead:
                    CheckLoad();
                    _checkpoints.Read(CheckpointReadRequest.Read(body.Span), id);
                    break;
                case MessageType.CheckpointRelease:
                    CheckLoad();
                    _checkpoints.Release(CheckpointReleaseRequest.Read(body.Span), id);
                    break;
                case MessageType.Info:
                    CheckLoad();
                    _singles.Info(id);
                    break;
                case MessageType.Hello:
                    throw new StorageException(StorageErrorCode.ProtocolError, "A client says hello once, first.");
                default:
                    throw new StorageException(
                        StorageErrorCode.Unsupported, $"This server does not know requests of the type 0x{(byte)type:X2}.");
            }
        }
        catch (StorageException exception)
        {
            _replies.Append(_context.ToReply(exception), id);
        }
    }

    private void CheckDraining()
    {
        if (_load.IsDraining)
        {
            throw new StorageException(
                StorageErrorCode.ShuttingDown, "The server is shutting down and takes no more requests. Connect again later.");
        }
    }

    private void CheckLoad()
    {
        CheckDraining();
        if (_load.Unanswered + _writes.Count >= _context.Options.MaxRequestsInFlight)
        {
            throw new StorageException(
                StorageErrorCode.LimitExceeded,
                $"The connection has {_context.Options.MaxRequestsInFlight} unanswered requests, the most that it may. Wait for answers before sending more.");
        }
    }

    private void Invalidate(KeyRange[] ranges, RequestId id)
    {
        if (!_context.Options.AllowInvalidate)
        {
            throw new StorageException(
                StorageErrorCode.Unsupported, $"This server lets no client invalidate ({nameof(StorageSessionOptions.AllowInvalidate)}). Ask its application to.");
        }

        _replies.Append(new InvalidateReply(_context.Served.Invalidation.Invalidate(ranges)), id);
    }

    private void Get(ReadOnlyMemory<byte> key, RequestId id)
    {
        if (_batches is null)
        {
            _singles.Get(key, id, inTurn: false);
        }
        else
        {
            _reads.Add(key, id);
        }
    }

    private void GetMany(ReadOnlyMemory<byte>[] keys, RequestId id)
    {
        if (_batches is null || _replies.IsOutboxFull)
        {
            _singles.GetMany(keys, id, inTurn: _batches is not null);
            return;
        }

        using var reply = new ManyReadReply();
        try
        {
            reply.Read(_batches, keys, _context.MaxReplyBytes);
        }
        catch (Exception exception)
        {
            _replies.Append(_context.ToReply(exception), id);
            return;
        }

        if (reply.IsTooLarge)
        {
            _replies.Append(ReplyLimit.TooLarge(reply.Length, _context.PeerMaxMessageBytes), id);
        }
        else
        {
            _replies.Append(MessageType.GetManyReply, reply.Body, id);
        }
    }
}
