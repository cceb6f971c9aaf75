using WsStorage.Protocol;

namespace WsStorage.WsClient;

/// <summary>How requests leave the queue: by an answer, their time, the loss of their connection, or the client's end.</summary>
internal sealed partial class RequestQueue
{
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

    /// <summary>Finds the request that a reply belongs to, and takes it out unless more replies follow.</summary>
    /// <param name="connection">Where the reply came from.</param>
    /// <param name="id">Its id.</param>
    /// <param name="type">Its type.</param>
    /// <returns>The request; none when it has ended meanwhile.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the id was never issued.</exception>
    public PendingRequest? TakeForReply(ClientConnection connection, ulong id, MessageType type)
    {
        lock (_gate)
        {
            PendingRequest? request = Find(connection, id);
            if (type == MessageType.NumberedWriteReply)
            {
                _numbers.Answered(connection.Position.Epoch);
            }

            if (type is not (MessageType.ScanPage or MessageType.RangeHashPage))
            {
                if (request is not null)
                {
                    TryRemove(request);
                }

                connection.InFlight.Free(id);
            }

            return request;
        }
    }

    /// <summary>
    /// Lets a request wait again that the server has refused because it is about to stop; and all others with it, until there is
    /// another connection, or for a while.
    /// </summary>
    /// <param name="connection">Where the refusal came from.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether that was possible; if not, the request has to hear of it.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ProtocolError"/>: the id was never issued.</exception>
    public bool TryPostpone(ClientConnection connection, ulong id)
    {
        lock (_gate)
        {
            if (Find(connection, id) is not { } request || !request.TryRestart())
            {
                return false;
            }

            PutBack(request);
            if (request is PendingWrite { WasLost: false } write)
            {
                _numbers.Forget(write);
            }

            connection.InFlight.Free(id);
            connection.Pause();
            return true;
        }
    }

    /// <summary>
    /// Takes the connection away. What was in flight on it waits again, to be sent again over the next; but for writes without
    /// a number and scans that are being read, which fail.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it was lost.</param>
    public void Detach(ClientConnection connection, StorageException reason)
    {
        EndedRequests lost = default;
        lock (_gate)
        {
            _connection = null;
            _outage = reason;

            // The last first: so each goes to the front.
            foreach (PendingRequest request in connection.InFlight.GetAll().OrderByDescending(request => request.CallNumber).ToArray())
            {
                if (!request.IsRepeatable || !request.TryRestart())
                {
                    TryEnd(request, ref lost, reason);
                    continue;
                }

                PutBack(request);
                if (request is PendingWrite write)
                {
                    write.WasLost = true;
                }
            }
        }

        lost.Tell();
    }

    /// <summary>Fails what waits, because there is no connection.</summary>
    /// <param name="reason">Why.</param>
    public void FailWaiting(StorageException reason)
    {
        EndedRequests failed = default;
        lock (_gate)
        {
            foreach (PendingRequest request in _waiting.All.ToArray())
            {
                TryEnd(request, ref failed, reason);
            }
        }

        failed.Tell();
    }

    /// <summary>Fails everything, and all that comes.</summary>
    /// <param name="reason">Why.</param>
    public void Close(StorageException reason)
    {
        EndedRequests failed = default;
        lock (_gate)
        {
            _closed = reason;
            foreach (PendingRequest request in GetAll())
            {
                TryEnd(request, ref failed, reason);
            }
        }

        failed.Tell();
    }

    /// <summary>Ends the requests whose time is over, and goes on where the server asked for a pause.</summary>
    public void EndExpired()
    {
        long now = _options.TimeProvider.GetTimestamp();
        EndedRequests expired = default;
        lock (_gate)
        {
            foreach (PendingRequest request in GetAll())
            {
                if (request.Deadline <= now)
                {
                    TryEnd(request, ref expired, Explain(request));
                }
            }

            _connection?.EndPause(now);
        }

        expired.Tell();
        Pump();
    }

    /// <summary>Says why a scan had to wait too long.</summary>
    /// <param name="scan">The scan.</param>
    /// <returns>The exception, to be thrown.</returns>
    public StorageException ExplainOverdue(PendingScan scan)
    {
        lock (_gate)
        {
            return Explain(scan);
        }
    }

    private static PendingRequest? Find(ClientConnection connection, ulong id) =>
        connection.InFlight.TryFind(id, out PendingRequest? request)
            ? request
            : throw new StorageException(StorageErrorCode.ProtocolError, "The server answered a request that was never made.");

    private StorageException Explain(PendingRequest request)
    {
        WriteOutcome outcome = request.Outcome;
        string silence = request is PendingScan ? "sent nothing of the scan for" : "did not answer within";
        string why = _connection is not null ? string.Empty
            : _outage is null ? " No connection has been made yet."
            : $" There is no connection: {_outage.Message}";
        string where = outcome == WriteOutcome.Unknown ? "The write was sent, and may have been applied." : "Nothing was changed.";
        return new StorageException(
            StorageErrorCode.Timeout, $"{_connection?.Url ?? _options.Url} {silence} {_options.OperationTimeout}.{why} {where}", outcome, _connection is null ? _outage : null);
    }

    private PendingRequest[] GetAll() =>
        [.. _connection is null ? _waiting.All : _waiting.All.Concat(_connection.InFlight.GetAll())];

    /// <summary>Lets a request in flight wait again.</summary>
    private void PutBack(PendingRequest request)
    {
        request.Connection!.InFlight.Abandon(request);
        request.Connection = null;
        _waiting.Return(request);
    }

    /// <summary>Takes a request out, to be told the reason and its own outcome.</summary>
    private void TryEnd(PendingRequest request, ref EndedRequests ended, StorageException reason)
    {
        WriteOutcome outcome = request.Outcome;
        if (TryRemove(request))
        {
            ended.Add(request, new StorageException(reason.Code, reason.Message, outcome, reason));
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

        if (stage != RequestStage.Idle && request is PendingWrite write)
        {
            _numbers.End(write);
        }

        return stage != RequestStage.Idle;
    }
}
