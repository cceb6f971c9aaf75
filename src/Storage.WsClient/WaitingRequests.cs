namespace WsStorage.WsClient;

/// <summary>
/// The requests that wait for a connection or for room, in the order of their calls, at most so many bytes of them. Guarded by
/// the <see cref="RequestQueue"/>.
/// </summary>
internal sealed class WaitingRequests(long maxBytes)
{
    // What a request takes beside its body, so that those without one are bounded too.
    private const int OverheadBytes = 128;

    private readonly LinkedList<PendingRequest> _requests = [];
    private long _bytes;

    public int Count => _requests.Count;

    public PendingRequest? First => _requests.First?.Value;

    public IEnumerable<PendingRequest> All => _requests;

    /// <summary>Adds a request, unless too many bytes wait already.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Why it was refused, or none.</returns>
    public StorageException? Add(PendingRequest request)
    {
        if (_bytes + Weight(request) > maxBytes && _requests.Count > 0)
        {
            return new StorageException(
                StorageErrorCode.LimitExceeded,
                $"{_bytes} bytes of requests wait in the client; at most {maxBytes} may. Wait for some to end, or raise {nameof(WsStorageClientOptions.MaxWaitingBytes)}.");
        }

        request.Stage = RequestStage.Waiting;
        _bytes += Weight(request);
        _requests.AddLast(request.Place);
        return null;
    }

    /// <summary>
    /// Takes a request back that was sent already, to its place in the order of calls: it was taken on before, so it is not
    /// refused, however much waits.
    /// </summary>
    /// <param name="request">The request.</param>
    public void Return(PendingRequest request)
    {
        request.Stage = RequestStage.Waiting;
        _bytes += Weight(request);
        LinkedListNode<PendingRequest>? next = _requests.First;
        while (next is not null && next.Value.CallNumber < request.CallNumber)
        {
            next = next.Next;
        }

        if (next is null)
        {
            _requests.AddLast(request.Place);
        }
        else
        {
            _requests.AddBefore(next, request.Place);
        }
    }

    public void Remove(PendingRequest request)
    {
        _requests.Remove(request.Place);
        _bytes -= Weight(request);
    }

    private static int Weight(PendingRequest request) => request.Length + OverheadBytes;
}
