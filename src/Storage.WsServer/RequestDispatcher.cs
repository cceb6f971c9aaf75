using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer;

/// <summary>
/// The one switch over request types. Gathers what arrived together and executes it in chunks: reads by <see cref="SessionReads"/>,
/// writes by <see cref="SessionWrites"/>, both answered in packs. Called by the session's loop only; what completes later posts to
/// the outbox by itself.
/// </summary>
internal sealed class RequestDispatcher
{
    private readonly SessionContext _context;
    private readonly SessionLoad _load;
    private readonly ReplyWriter _replies;
    private readonly SingleRequests _singles;
    private readonly SessionReads? _reads;
    private readonly SessionWrites _writes;
    private readonly SessionStreams _streams;
    private readonly SessionLeases _leases;
    private readonly SessionCheckpoints _checkpoints;

    public RequestDispatcher(
        MessageOutbox outbox,
        SlowReaderGuard slowReader,
        SessionContext context,
        SessionLoad load,
        SessionStreams streams,
        Action<Exception> onDefect)
    {
        _context = context;
        _load = load;
        _replies = new ReplyWriter { Outbox = outbox };
        _singles = new SingleRequests(outbox, slowReader, context, load);
        if (context.Storage is IBatchStorage batches)
        {
            _reads = new SessionReads(batches, outbox, _singles, context, load, onDefect);
        }

        _writes = new SessionWrites(outbox, context, load);
        _streams = streams;
        _leases = new SessionLeases(context.Served.Leases, outbox, context, load);
        _checkpoints = new SessionCheckpoints(outbox, slowReader, context, load);
    }

    /// <summary>Whether the chunk is as large as it may be: execute it.</summary>
    public bool IsFull => _reads is { IsFull: true } || _writes.IsFull;

    /// <summary>Takes one WebSocket message: a request, or a pack of them.</summary>
    /// <param name="message">The message; what is needed of it later is copied.</param>
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
        _reads?.Execute();
        _replies.Flush();
    }

    /// <summary>As <see cref="Execute"/>, when nothing more has arrived.</summary>
    /// <returns>What its taker has to execute: reads.</returns>
    public IThreadPoolWorkItem? ExecuteLast()
    {
        _writes.Submit();
        IThreadPoolWorkItem? reads = _reads?.TakeForLater();
        _replies.Flush();
        return reads;
    }

    /// <summary>As <see cref="Execute"/>, and waits until all reads are answered.</summary>
    public Task FinishAsync()
    {
        Execute();
        return _reads?.WaitAsync() ?? Task.CompletedTask;
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
                    GetMany(body, id);
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
        if (_reads is null)
        {
            _singles.Get(key, id, inTurn: false);
        }
        else
        {
            _reads.Add(key.Span, id);
        }
    }

    private void GetMany(ReadOnlyMemory<byte> body, RequestId id)
    {
        if (_reads is null)
        {
            _singles.GetMany(GetManyRequest.ReadKeys(body), id, inTurn: false);
        }
        else
        {
            _reads.AddMany(body.Span, id);
        }
    }
}
