using WsStorage.Protocol;

namespace WsStorage.WsClient;

/// <summary>
/// Every request of a client between its call and its end: first those that wait for a connection or for room, in the order
/// of their calls; then those in flight. Whoever takes a request out ends it, so each ends exactly once. Thread-safe; nothing
/// is completed and no socket touched while the lock is held.
/// </summary>
internal sealed class RequestQueue
{
    private readonly Lock _gate = new();
    private readonly WaitingRequests _waiting;
    private readonly WsStorageClientOptions _options;
    private readonly Action _connect;
    private ClientConnection? _connection;
    private StorageException? _closed;

    /// <summary>Makes a queue.</summary>
    /// <param name="options">Bounds and times.</param>
    /// <param name="connect">Called when a request waits and there is no connection. Must not block.</param>
    public RequestQueue(WsStorageClientOptions options, Action connect)
    {
        _options = options;
        _connect = connect;
        _waiting = new WaitingRequests(options.MaxWaitingBytes);
        Pool = new RequestPool(options.MaxRequestsInFlight);
    }

    public RequestPool Pool { get; }

    /// <summary>What the server takes; the defaults until it has said.</summary>
    public SessionBounds Bounds { get; private set; } = SessionBounds.Unknown;

    /// <summary>Takes a request whose body is encoded, and sends it as soon as there is a connection and room.</summary>
    /// <param name="request">The request. It may end before this returns.</param>
    public void Submit(PendingRequest request)
    {
        StorageException? refusal;
        ClientConnection? connection;
        bool start = false;
        bool alone = false;
        bool waits = false;
        lock (_gate)
        {
            request.Deadline = GetDeadline(request);
            connection = _connection;
            refusal = _closed;
            if (refusal is null)
            {
                if (connection is not null && _waiting.Count == 0 && connection.HasRoom)
                {
                    refusal = Bounds.Check(request);
                    if (refusal is null)
                    {
                        start = connection.Enqueue(request);
                        alone = connection.InFlight.Count == 1;
                    }
                }
                else
                {
                    refusal = _waiting.Add(request);
                    waits = true;
                }
            }
        }

        if (refusal is not null)
        {
            request.OnFailure(refusal);
        }
        else if (start)
        {
            connection!.StartSending(alone);
        }
        else if (connection is null)
        {
            _connect();
        }
        else if (waits)
        {
            Pump();
        }
    }

    /// <summary>Takes a request out, so that the caller can end it.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether it was there; if not, somebody else has ended it.</returns>
    public bool TryEnd(PendingRequest request)
    {
        lock (_gate)
        {
            return TryRemove(request);
        }
    }

    /// <summary>Gives the queue a connection. What waits is sent.</summary>
    /// <param name="connection">The connection, open.</param>
    /// <returns>Whether the client is still there to use it.</returns>
    public bool TryAttach(ClientConnection connection)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return false;
            }

            _connection = connection;
            Bounds = connection.Bounds;
        }

        Pump();
        return true;
    }

    /// <summary>Takes the connection away. What was in flight on it fails.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it was lost.</param>
    public void Detach(ClientConnection connection, string reason)
    {
        PendingRequest[] lost;
        bool connect;
        lock (_gate)
        {
            if (_connection == connection)
            {
                _connection = null;
            }

            // What is in flight on a connection ends with it, even if another has taken its place meanwhile.
            lost = [.. connection.InFlight.GetAll()];
            foreach (PendingRequest request in lost)
            {
                TryRemove(request);
            }

            connect = _connection is null && _waiting.Count > 0 && _closed is null;
        }

        foreach (PendingRequest request in lost)
        {
            request.OnFailure(new StorageException(StorageErrorCode.ConnectionLost, reason, OutcomeInFlight(request)));
        }

        if (connect)
        {
            _connect();
        }
    }

    /// <summary>Fails what waits, because no connection could be made.</summary>
    /// <param name="reason">Why.</param>
    public void FailWaiting(StorageException reason) => Fail(TakeWaiting(), reason);

    /// <summary>Fails everything, and all that comes.</summary>
    public void Close()
    {
        var closed = new StorageException(StorageErrorCode.Closed, "The client has been disposed.");
        PendingRequest[] inFlight;
        lock (_gate)
        {
            _closed = closed;
            inFlight = _connection is null ? [] : [.. _connection.InFlight.GetAll()];
            foreach (PendingRequest request in inFlight)
            {
                TryRemove(request);
            }
        }

        Fail(TakeWaiting(), closed);
        foreach (PendingRequest request in inFlight)
        {
            request.OnFailure(new StorageException(StorageErrorCode.Closed, closed.Message, OutcomeInFlight(request)));
        }
    }

    /// <summary>Ends the requests whose time is over.</summary>
    public void EndExpired()
    {
        long now = _options.TimeProvider.GetTimestamp();
        List<(PendingRequest Request, WriteOutcome Outcome)> expired = [];
        lock (_gate)
        {
            IEnumerable<PendingRequest> all = _connection is null ? _waiting.All : _waiting.All.Concat(_connection.InFlight.GetAll());
            foreach (PendingRequest request in all.ToArray())
            {
                bool sent = request.Stage == RequestStage.InFlight;
                if (request.Deadline <= now && TryRemove(request))
                {
                    expired.Add((request, sent ? OutcomeInFlight(request) : WriteOutcome.NotApplied));
                }
            }
        }

        foreach ((PendingRequest request, WriteOutcome outcome) in expired)
        {
            string where = outcome == WriteOutcome.Unknown ? "The write was sent, and may have been applied." : "Nothing was changed.";
            request.OnFailure(new StorageException(
                StorageErrorCode.Timeout, $"{_options.Url} did not answer within {_options.OperationTimeout}. {where}", outcome));
        }
    }

    /// <summary>Finds the request that a reply belongs to, and takes it out unless more replies follow.</summary>
    /// <param name="connection">Where the reply came from.</param>
    /// <param name="id">Its id.</param>
    /// <param name="more">Whether more replies follow.</param>
    /// <returns>The request; none when it has ended meanwhile.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the id was never issued.</exception>
    public PendingRequest? TakeForReply(ClientConnection connection, ulong id, bool more)
    {
        lock (_gate)
        {
            if (!connection.InFlight.TryFind(id, out PendingRequest? request))
            {
                throw new StorageException(StorageErrorCode.ProtocolError, "The server answered a request that was never made.");
            }

            if (!more)
            {
                connection.InFlight.Free(id);
                if (request is not null)
                {
                    request.Stage = RequestStage.Idle;
                    request.Connection = null;
                }
            }

            return request;
        }
    }

    /// <summary>Says something more about a request in flight.</summary>
    /// <typeparam name="TMessage">The message's type.</typeparam>
    /// <param name="request">The request.</param>
    /// <param name="message">What to say.</param>
    public void Post<TMessage>(PendingRequest request, in TMessage message)
        where TMessage : IMessage, allows ref struct
    {
        ClientConnection? connection;
        ulong id;
        lock (_gate)
        {
            connection = request.Connection;
            if (connection is null)
            {
                return;
            }

            id = connection.InFlight.GetId(request);
        }

        connection.Outbox.Post(message, RequestId.FromNumber(id));
    }

    /// <summary>Gives a scan up: one that waits ends here, of one in flight the server is told.</summary>
    /// <param name="scan">The scan, whose pages nobody wants any more.</param>
    public void Abandon(PendingScan scan)
    {
        bool waited;
        lock (_gate)
        {
            waited = scan.Stage == RequestStage.Waiting && TryRemove(scan);
        }

        if (!waited)
        {
            // Its id stays taken until the server has said the last word about it.
            Post(scan, new Protocol.Messages.EmptyMessage(MessageType.Cancel));
        }
    }

    /// <summary>Sends what waits, as far as there is room.</summary>
    public void Pump()
    {
        List<(PendingRequest Request, StorageException Reason)>? refused = null;
        ClientConnection? connection;
        bool start = false;
        bool awaitRoom = false;
        lock (_gate)
        {
            connection = _connection;
            while (connection is not null && _waiting.First is { } request && !connection.InFlight.IsFull)
            {
                if (connection.Outbox.IsFull)
                {
                    // No reply needs to come when there is room again: somebody has to wait for that.
                    awaitRoom = !connection.IsAwaitingRoom;
                    connection.IsAwaitingRoom = true;
                    break;
                }

                TryRemove(request);
                if (Bounds.Check(request) is { } refusal)
                {
                    (refused ??= []).Add((request, refusal));
                    continue;
                }

                start |= connection.Enqueue(request);
            }
        }

        if (start)
        {
            connection!.StartSending(alone: false);
        }

        foreach ((PendingRequest request, StorageException reason) in refused ?? [])
        {
            request.OnFailure(reason);
        }

        if (awaitRoom)
        {
            _ = PumpWhenThereIsRoomAsync(connection!);
        }
    }

    private static WriteOutcome OutcomeInFlight(PendingRequest request) =>
        request.Type == MessageType.Write ? WriteOutcome.Unknown : WriteOutcome.NotApplied;

    private static void Fail(PendingRequest[] requests, StorageException reason)
    {
        foreach (PendingRequest request in requests)
        {
            request.OnFailure(reason);
        }
    }

    private async Task PumpWhenThereIsRoomAsync(ClientConnection connection)
    {
        await connection.Outbox.WaitForRoomAsync().ConfigureAwait(false);
        lock (_gate)
        {
            connection.IsAwaitingRoom = false;
        }

        Pump();
    }

    private long GetDeadline(PendingRequest request)
    {
        if (request is PendingScan)
        {
            return long.MaxValue;
        }

        TimeProvider time = _options.TimeProvider;
        return time.GetTimestamp() + (long)(_options.OperationTimeout.TotalSeconds * time.TimestampFrequency);
    }

    private PendingRequest[] TakeWaiting()
    {
        lock (_gate)
        {
            PendingRequest[] waiting = [.. _waiting.All];
            foreach (PendingRequest request in waiting)
            {
                TryRemove(request);
            }

            return waiting;
        }
    }

    private bool TryRemove(PendingRequest request)
    {
        RequestStage stage = request.Stage;
        request.Stage = RequestStage.Idle;
        if (stage == RequestStage.Waiting)
        {
            _waiting.Remove(request);
        }
        else if (stage == RequestStage.InFlight)
        {
            request.Connection!.InFlight.Abandon(request);
            request.Connection = null;
        }

        return stage != RequestStage.Idle;
    }
}
