using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient;

/// <summary>
/// Every request of a client between its call and its end: first those that wait for a connection or for room, in the order
/// of their calls; then those in flight. Those in flight on a connection that is lost wait again, before all that were called
/// later. Whoever takes a request out ends it, so each ends exactly once. Thread-safe; nothing is completed and no socket touched
/// while the lock is held.
/// </summary>
internal sealed partial class RequestQueue
{
    private readonly Lock _gate = new();
    private readonly WaitingRequests _waiting;
    private readonly WriteNumbers _numbers;
    private readonly WsStorageClientOptions _options;
    private readonly Action _connect;
    private ClientConnection? _connection;
    private StorageException? _closed;
    private StorageException? _outage;
    private long _lastCall;

    /// <summary>Makes a queue.</summary>
    /// <param name="options">Bounds and times.</param>
    /// <param name="connect">Called when a request waits and there is no connection. Must not block.</param>
    public RequestQueue(WsStorageClientOptions options, Action connect)
    {
        _options = options;
        _connect = connect;
        _waiting = new WaitingRequests(options.MaxWaitingBytes);
        _numbers = new WriteNumbers(options.TimeProvider);
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
        long now = _options.TimeProvider.GetTimestamp();
        lock (_gate)
        {
            request.CallNumber = ++_lastCall;
            request.CalledAt = now;
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
                        start = Send(connection, request);
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
        else if (connection is null)
        {
            _connect();
        }
        else if (waits)
        {
            Pump();
        }
        else
        {
            connection.Send(start, alone, now);
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
            _outage = null;
            _numbers.Welcome(connection.Session);
            Bounds = connection.Bounds;
        }

        Pump();
        return true;
    }

    /// <summary>Notes why there is no connection, for those whose time ends while they wait for one.</summary>
    /// <param name="reason">Why.</param>
    public void NoteOutage(StorageException reason)
    {
        lock (_gate)
        {
            _outage = reason;
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
            Post(scan, new EmptyMessage(MessageType.Cancel));
        }
    }

    /// <summary>Sends what waits, as far as there is room.</summary>
    public void Pump()
    {
        EndedRequests refused = default;
        ClientConnection? connection;
        bool start = false;
        bool awaitRoom = false;
        lock (_gate)
        {
            connection = _connection;
            while (connection is { MayTakeMore: true } && _waiting.First is { } request)
            {
                if (connection.Outbox.IsFull)
                {
                    // No reply needs to come when there is room again: somebody has to wait for that.
                    awaitRoom = !connection.IsAwaitingRoom;
                    connection.IsAwaitingRoom = true;
                    break;
                }

                if ((Bounds.Check(request) ?? CheckResend(request, connection)) is { } refusal)
                {
                    TryEnd(request, ref refused, refusal);
                    continue;
                }

                _waiting.Remove(request);
                start |= Send(connection, request);
            }
        }

        if (start)
        {
            connection!.StartSending(alone: false);
        }

        refused.Tell();
        if (awaitRoom)
        {
            _ = PumpWhenThereIsRoomAsync(connection!);
        }
    }

    private StorageException? CheckResend(PendingRequest request, ClientConnection connection) =>
        request is PendingWrite write ? _numbers.CheckResend(write, connection) : null;

    private bool Send(ClientConnection connection, PendingRequest request)
    {
        if (connection.Session.AppliesOnce && request is PendingWrite write)
        {
            _numbers.Stamp(write, connection);
        }

        return connection.Enqueue(request);
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

    private long GetDeadline(PendingRequest request) => request is PendingScan
        ? long.MaxValue
        : request.CalledAt + (long)(_options.OperationTimeout.TotalSeconds * _options.TimeProvider.TimestampFrequency);
}
