using System.Threading.Tasks.Sources;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Watches;

/// <summary>
/// A watch under way, over as many connections as it lives through. Events arrive on the loop that receives and wait for the
/// reader; when a connection is lost they stay, and the watch begins again after the last of them. One reader at a time.
/// </summary>
/// <remarks>
/// What the server may send ahead is bounded by credit. It counts the bytes of batches: the length of the operations and of the
/// previous values of each, without their length prefixes; marks and invalidations cost nothing. The sum of what the server
/// may still send and what the reader has not yet left behind is the window; it is exceeded by one batch at the most, because
/// the server sends while it has any credit.
/// </remarks>
internal sealed class PendingWatch(WatchOptions options, int window) : IValueTaskSource
{
    private readonly Lock _gate = new();
    private readonly WatchEvents _events = new();

    // The reader never runs on the loop that receives: it could block it.
    private ManualResetValueTaskSourceCore<bool> _arrival = new() { RunContinuationsAsynchronously = true };
    private bool _isAwaited;
    private ClientConnection? _connection;
    private ulong _id;
    private Position? _last = options.After;
    private bool _hasBegun;
    private bool _isAbandoned;
    private StorageException? _failure;
    private long _credit;
    private long _unread;

    /// <summary>When to begin it again on the same connection, as a timestamp of the clock. Guarded by the
    /// <see cref="WatchRegistry"/>.</summary>
    public long RetryAt { get; set; }

    /// <summary>Whether the server has said where it begins, on this connection or one before.</summary>
    public bool IsEstablished { get; private set; }

    /// <summary>Whether it is open on a connection.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _connection is not null;
            }
        }
    }

    /// <summary>Begins over a connection, after the last event that has arrived.</summary>
    /// <param name="connection">The connection.</param>
    /// <returns>Whether <see cref="ClientConnection.StartSending"/> has to be called.</returns>
    public bool Begin(ClientConnection connection)
    {
        lock (_gate)
        {
            _connection = connection;
            _id = connection.Watches.Add(this);
            _hasBegun = false;
            _credit = Math.Max(0, window - _unread);

            // Added under the lock: a credit must not get ahead of it.
            return connection.Enqueue(new WatchRequest(options with { After = _last }, _credit), _id);
        }
    }

    /// <summary>Stops to be open: the connection is lost, or the server can't go on for the time being.</summary>
    public void Suspend()
    {
        lock (_gate)
        {
            _connection = null;
        }
    }

    /// <summary>Takes batches.</summary>
    /// <param name="batches">The batches, in their order.</param>
    /// <returns>Whether the reader waits, and <see cref="WakeReader"/> has to be called.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: they do not belong here. The watch has
    /// not ended.</exception>
    public bool OnBatches(in BatchSlice batches)
    {
        lock (_gate)
        {
            if (_isAbandoned)
            {
                return false;
            }

            if (!_hasBegun)
            {
                throw ProtocolError("a batch before where it begins");
            }

            foreach (ref readonly PackedBatch batch in batches.Batches)
            {
                Count(batch);
            }

            _events.AddBatches(batches);
            return TakeAwaited();
        }
    }

    /// <summary>Takes what the server says, but for batches and an error.</summary>
    /// <param name="type">The type of the message.</param>
    /// <param name="body">Its body, valid during the call.</param>
    /// <returns>Whether the reader waits, and <see cref="WakeReader"/> has to be called.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the message makes no sense. The watch has
    /// not ended.</exception>
    public bool OnReply(MessageType type, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (_isAbandoned)
            {
                return false;
            }

            switch (type)
            {
                case MessageType.WatchMark:
                    AddMark(WatchMarkMessage.Read(body));
                    break;
                case MessageType.WatchInvalidation when _hasBegun:
                    _events.AddInvalidation(_last!.Value, WatchInvalidationMessage.Read(body));
                    break;
                default:
                    throw ProtocolError($"a {type} where it does not belong");
            }

            return TakeAwaited();
        }
    }

    /// <summary>Wakes the reader. Only who has taken the wait away ends it, and the reader makes the next one only after that.</summary>
    public void WakeReader() => _arrival.SetResult(true);

    /// <summary>Ends the watch, after the events that have arrived.</summary>
    /// <param name="reason">Why.</param>
    public void OnFailure(StorageException reason)
    {
        bool wake;
        lock (_gate)
        {
            _connection = null;
            _failure ??= reason;
            wake = TakeAwaited();
        }

        if (wake)
        {
            WakeReader();
        }
    }

    /// <summary>Wakes the reader, which is to look whether it was cancelled.</summary>
    public void Wake()
    {
        bool wake;
        lock (_gate)
        {
            wake = TakeAwaited();
        }

        if (wake)
        {
            WakeReader();
        }
    }

    /// <summary>Takes all events that have arrived.</summary>
    /// <param name="taken">The reader's own list, empty; gets the events, in their order, each to be released.</param>
    /// <param name="epoch">The epoch of all of them.</param>
    /// <param name="arrival">Completes when it is worth to try again; if there were none. To be awaited once.</param>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="StorageException">The watch has failed.</exception>
    public bool TryTake(ref List<WaitingEvent> taken, out Guid epoch, out ValueTask arrival)
    {
        lock (_gate)
        {
            arrival = default;
            epoch = _last?.Epoch ?? default;
            if (_events.TryTakeAll(ref taken))
            {
                return true;
            }

            if (_failure is { } failure)
            {
                throw new StorageException(failure.Code, failure.Message, failure.Outcome, failure);
            }

            _arrival.Reset();
            _isAwaited = true;
            arrival = new ValueTask(this, _arrival.Version);
            return false;
        }
    }

    /// <summary>Grants the server the bytes again of events that the reader has left behind, half a window at once.</summary>
    /// <param name="bytes">How many.</param>
    /// <returns>How many more until something is granted: to be called then, and whenever the reader has read all that it has.</returns>
    public long OnRead(long bytes)
    {
        ClientConnection? connection;
        ulong id;
        long grant;
        lock (_gate)
        {
            _unread -= bytes;
            grant = window - _unread - _credit;
            if (_connection is null || grant < window / 2)
            {
                return (window / 2) - grant;
            }

            connection = _connection;
            id = _id;
            _credit += grant;
        }

        // If the watch begins over another connection meanwhile, that has counted these bytes, and this one drops them.
        connection.Outbox.Post(new CreditMessage(grant), RequestId.FromNumber(id));
        return window / 2;
    }

    /// <summary>Gives up what has arrived and what will, and tells the server.</summary>
    public void Abandon()
    {
        ClientConnection? connection;
        ulong id;
        lock (_gate)
        {
            _isAbandoned = true;
            _events.Clear();
            connection = _connection;
            _connection = null;
            id = _id;
        }

        // Its id stays taken until the server has said the last word about it.
        connection?.Outbox.Post(new EmptyMessage(MessageType.Cancel), RequestId.FromNumber(id));
    }

    void IValueTaskSource.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);

    private static StorageException ProtocolError(string what) =>
        new(StorageErrorCode.ProtocolError, $"The server said of a watch {what}.");

    private void AddMark(Position position)
    {
        if (_last is { } last && (position.Epoch != last.Epoch
            || position.Revision.Value < last.Revision.Value
            || (position.Revision == last.Revision && position.Hash != last.Hash)))
        {
            throw ProtocolError($"that it has come to {position}, after {last}");
        }

        if (!IsEstablished)
        {
            IsEstablished = true;
            _events.AddBeginning(position);
        }
        else if (position != _last)
        {
            _events.AddMark(position);
        }

        _hasBegun = true;
        _last = position;
    }

    private void Count(in PackedBatch batch)
    {
        Position last = _last!.Value;
        if (batch.Revision.Value <= last.Revision.Value)
        {
            throw ProtocolError($"what happened at revision {batch.Revision}, after {last}");
        }

        if (_credit <= 0)
        {
            throw ProtocolError("more than it was granted");
        }

        _last = new Position(last.Epoch, batch.Revision, batch.Hash);
        _unread += batch.ByteCount;
        _credit -= batch.ByteCount;
    }

    private bool TakeAwaited()
    {
        bool awaited = _isAwaited;
        _isAwaited = false;
        return awaited;
    }
}
