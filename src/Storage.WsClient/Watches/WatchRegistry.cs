using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Watches;

/// <summary>
/// Every watch of a client between its call and its end. Each is open on the connection that there is, and begins again, from
/// where it is, on the next. Thread-safe; no reader is woken and no socket touched while the lock is held.
/// </summary>
/// <param name="options">Times.</param>
/// <param name="connect">Called when a watch begins and there is no connection. Must not block.</param>
internal sealed class WatchRegistry(WsStorageClientOptions options, Action connect)
{
    private readonly Lock _gate = new();
    private readonly HashSet<PendingWatch> _watches = [];
    private ClientConnection? _connection;
    private StorageException? _closed;

    /// <summary>Takes a watch, and begins it as soon as there is a connection.</summary>
    /// <param name="watch">The watch.</param>
    public void Begin(PendingWatch watch)
    {
        ClientConnection? connection;
        StorageException? closed;
        bool start = false;
        lock (_gate)
        {
            closed = _closed;
            connection = _connection;
            if (closed is null)
            {
                _watches.Add(watch);
                start = connection is not null && watch.Begin(connection);
            }
        }

        if (closed is not null)
        {
            watch.OnFailure(closed);
        }
        else if (connection is null)
        {
            connect();
        }
        else if (start)
        {
            connection.StartSending(alone: false);
        }
    }

    /// <summary>Gives the watches a connection. All begin there.</summary>
    /// <param name="connection">The connection, open.</param>
    public void Attach(ClientConnection connection)
    {
        lock (_gate)
        {
            _connection = connection;
        }

        BeginThose(connection, static (_, _) => true);
    }

    /// <summary>Takes the connection away. The watches keep what has arrived.</summary>
    public void Detach()
    {
        lock (_gate)
        {
            _connection = null;
            foreach (PendingWatch watch in _watches)
            {
                watch.Suspend();
            }
        }
    }

    /// <summary>Begins those watches again that their server could not go on with a while ago.</summary>
    public void Retry()
    {
        ClientConnection? connection;
        lock (_gate)
        {
            connection = _connection;
        }

        if (connection is not null)
        {
            BeginThose(connection, static (watch, now) => watch.RetryAt <= now);
        }
    }

    /// <summary>Takes a message of a watch, for the loop that receives: what it tells is read when <see cref="ClientConnection.Told"/>
    /// wakes.</summary>
    /// <param name="connection">Where it came from.</param>
    /// <param name="id">Its id.</param>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body, valid during the call.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>.</exception>
    public void Take(ClientConnection connection, ulong id, MessageType type, ReadOnlySpan<byte> body)
    {
        bool isLast = type is MessageType.Error or MessageType.End;
        PendingWatch? watch = isLast ? null : connection.Told.Find(id);
        watch ??= Find(connection, id, isLast);
        try
        {
            // Of a watch that has ended too: what it is told may be repeated to another.
            BatchSlice batches = type switch
            {
                MessageType.WatchBatch => connection.Batches.Add(WatchBatchMessage.Read(body)),
                MessageType.Repeat => connection.Batches.Find(RepeatMessage.Read(body)),
                _ => default,
            };
            if (watch is null)
            {
                return;
            }

            if (type == MessageType.Error)
            {
                EndOrRetry(watch, ErrorReply.Read(body).ToException());
            }
            else if (batches.Count == 0 ? watch.OnReply(type, body) : watch.OnBatches(batches))
            {
                connection.Told.Add(watch);
            }
        }
        catch (Exception exception)
        {
            if (watch is not null)
            {
                End(watch, new StorageException(
                    (exception as StorageException)?.Code ?? StorageErrorCode.Internal, exception.Message, WriteOutcome.NotApplied, exception));
            }

            throw;
        }
    }

    /// <summary>Gives a watch up.</summary>
    /// <param name="watch">The watch, whose events nobody wants any more.</param>
    public void Abandon(PendingWatch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }

        watch.Abandon();
    }

    /// <summary>Fails watches, because there is no connection.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="established">Whether to fail those too that had begun already; if not, they go on waiting.</param>
    public void Fail(StorageException reason, bool established)
    {
        PendingWatch[] failed;
        lock (_gate)
        {
            failed = [.. _watches.Where(watch => established || !watch.IsEstablished)];
            _watches.ExceptWith(failed);
        }

        foreach (PendingWatch watch in failed)
        {
            watch.OnFailure(reason);
        }
    }

    /// <summary>Fails everything, and all that comes.</summary>
    /// <param name="reason">Why.</param>
    public void Close(StorageException reason)
    {
        lock (_gate)
        {
            _closed = reason;
        }

        Fail(reason, established: true);
    }

    // These tell how the server stands now, not of the watch.
    private static bool IsPassing(StorageErrorCode code) => code is StorageErrorCode.ShuttingDown or StorageErrorCode.Closed
        or StorageErrorCode.ConnectionLost or StorageErrorCode.ConnectFailed or StorageErrorCode.Timeout;

    private void BeginThose(ClientConnection connection, Func<PendingWatch, long, bool> isDue)
    {
        long now = options.TimeProvider.GetTimestamp();
        bool start = false;
        lock (_gate)
        {
            if (_connection != connection)
            {
                return;
            }

            foreach (PendingWatch watch in _watches)
            {
                // One that was called meanwhile has begun already.
                start |= !watch.IsOpen && isDue(watch, now) && watch.Begin(connection);
            }
        }

        if (start)
        {
            connection.StartSending(alone: false);
        }
    }

    /// <summary>Finds a watch, and forgets its id if this is the last word about it.</summary>
    private PendingWatch? Find(ClientConnection connection, ulong id, bool isLast)
    {
        PendingWatch? watch;
        lock (_gate)
        {
            if (!connection.Watches.TryFind(id, out watch))
            {
                throw new StorageException(StorageErrorCode.ProtocolError, "The server told of a watch that was never begun.");
            }

            if (isLast)
            {
                connection.Watches.Remove(id);
            }
        }

        connection.Told.Keep(id, isLast ? null : watch);
        return watch;
    }

    private void EndOrRetry(PendingWatch watch, StorageException error)
    {
        if (!IsPassing(error.Code))
        {
            End(watch, error);
            return;
        }

        lock (_gate)
        {
            TimeProvider time = options.TimeProvider;
            watch.RetryAt = time.GetTimestamp() + (long)(options.ReconnectMaxDelay.TotalSeconds * time.TimestampFrequency);
            watch.Suspend();
        }
    }

    private void End(PendingWatch watch, StorageException reason)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }

        watch.OnFailure(reason);
    }
}
