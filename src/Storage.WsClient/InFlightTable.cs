namespace WsStorage.WsClient;

/// <summary>
/// The requests of one connection that are unanswered, by their ids. An id is a slot and how often the slot was used, so an
/// id that was never issued is told from one whose request has ended. A slot is free again when the server has answered, not
/// when the request has ended: the server counts what it has not answered. All ids are even; those of watches are odd
/// (<see cref="Watches.WatchTable"/>). Guarded by the <see cref="RequestQueue"/>.
/// </summary>
internal sealed class InFlightTable
{
    private readonly PendingRequest?[] _requests;
    private readonly ulong[] _uses;
    private readonly bool[] _taken;
    private readonly Stack<int> _free;

    public InFlightTable(int capacity)
    {
        _requests = new PendingRequest?[capacity];
        _uses = new ulong[capacity];
        _taken = new bool[capacity];
        _free = new Stack<int>(capacity);
        for (int slot = capacity - 1; slot >= 0; slot--)
        {
            _free.Push(slot);
        }
    }

    public int Count => _requests.Length - _free.Count;

    public bool IsFull => _free.Count == 0;

    /// <summary>Adds a request.</summary>
    /// <param name="request">The request; it is told its slot.</param>
    /// <returns>Its id.</returns>
    public ulong Add(PendingRequest request)
    {
        int slot = _free.Pop();
        _requests[slot] = request;
        _taken[slot] = true;
        request.Slot = slot;
        _uses[slot]++;
        return GetId(request);
    }

    /// <summary>Finds the request of an id.</summary>
    /// <param name="id">The id that the server echoed.</param>
    /// <param name="request">The request; none when it has ended.</param>
    /// <returns>Whether the id was ever issued.</returns>
    public bool TryFind(ulong id, out PendingRequest? request)
    {
        (int slot, ulong use) = Split(id);
        request = use == _uses[slot] ? _requests[slot] : null;
        return use > 0 && use <= _uses[slot];
    }

    public ulong GetId(PendingRequest request) =>
        ((_uses[request.Slot] * (ulong)_requests.Length) + (ulong)request.Slot) << 1;

    /// <summary>Removes a request that has ended without an answer, which may still come.</summary>
    /// <param name="request">The request.</param>
    public void Abandon(PendingRequest request) => _requests[request.Slot] = null;

    /// <summary>Frees the slot of an id, to which the last answer has come.</summary>
    /// <param name="id">The id.</param>
    public void Free(ulong id)
    {
        (int slot, ulong use) = Split(id);
        if (use == _uses[slot] && _taken[slot])
        {
            _requests[slot] = null;
            _taken[slot] = false;
            _free.Push(slot);
        }
    }

    /// <summary>The requests that are there.</summary>
    public IEnumerable<PendingRequest> GetAll() => _requests.OfType<PendingRequest>();

    private (int Slot, ulong Use) Split(ulong id)
    {
        ulong number = id >> 1;
        return ((int)(number % (ulong)_requests.Length), number / (ulong)_requests.Length);
    }
}
