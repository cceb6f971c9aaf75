namespace WsStorage.Replica.Following;

/// <summary>Who wants the copy to be built anew, and hears when it was. Thread-safe.</summary>
internal sealed class RebuildRequests
{
    private readonly Lock _gate = new();
    private readonly Pulse _added = new();
    private readonly List<Request> _waiting = [];
    private readonly List<Request> _underway = [];
    private bool _closed;

    /// <summary>Completes when somebody wants it.</summary>
    public Task Added => _added.Next;

    /// <summary>Wants it, and that the replica's watches are told that everything is to be read again.</summary>
    public void AddInvalidation() => Add(new Request(isInvalidation: true));

    /// <summary>Wants it.</summary>
    /// <returns>Completes when the new copy is read.</returns>
    public Task AddAsync()
    {
        var request = new Request(isInvalidation: false);
        Add(request);
        return request.Done.Task;
    }

    /// <summary>Hears those who want it: the next copy that is begun is theirs.</summary>
    /// <returns>Whether there are any.</returns>
    public bool Take()
    {
        lock (_gate)
        {
            _underway.AddRange(_waiting);
            bool any = _waiting.Count > 0;
            _waiting.Clear();
            return any;
        }
    }

    /// <summary>The new copy is read.</summary>
    /// <returns>Whether the replica's watches are to be told.</returns>
    public bool Complete()
    {
        Request[] done;
        lock (_gate)
        {
            done = [.. _underway];
            _underway.Clear();
        }

        foreach (Request request in done)
        {
            request.Done.TrySetResult();
        }

        return done.Any(static request => request.IsInvalidation);
    }

    /// <summary>There will be no new copy.</summary>
    public void Close()
    {
        Take();
        lock (_gate)
        {
            _closed = true;
            _underway.ForEach(Refuse);
        }
    }

    private static void Refuse(Request request)
    {
        request.Done.TrySetException(Serving.CopyLeases.Closed());

        // Nobody waits for one that an invalidation made.
        _ = request.Done.Task.Exception;
    }

    private void Add(Request request)
    {
        lock (_gate)
        {
            if (_closed)
            {
                Refuse(request);
                return;
            }

            _waiting.Add(request);
        }

        _added.Beat();
    }

    private sealed class Request(bool isInvalidation)
    {
        public bool IsInvalidation { get; } = isInvalidation;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
