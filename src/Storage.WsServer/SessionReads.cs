using WsStorage.Protocol;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The reads of a session: gathered as they arrive, executed in chunks. A chunk is read by the thread that has received it, while
/// another goes on receiving and reads the next: one thread alone would leave the other processors idle. Gathering is the session
/// loop's; a chunk may be executed by any thread.
/// </summary>
internal sealed class SessionReads
{
    // More would take the processors from other connections.
    private const int MaxRunning = 2;

    private readonly int _capacity;
    private readonly IBatchStorage _storage;
    private readonly MessageOutbox _outbox;
    private readonly SingleRequests _singles;
    private readonly SessionContext _context;
    private readonly SessionLoad _load;
    private readonly Action<Exception> _onDefect;
    private readonly Stack<Chunk> _spare = new();
    private TaskCompletionSource? _idleWaiter;
    private Chunk _gathering;
    private int _running;

    public SessionReads(
        int capacity,
        IBatchStorage storage,
        MessageOutbox outbox,
        SingleRequests singles,
        SessionContext context,
        SessionLoad load,
        Action<Exception> onDefect)
    {
        _capacity = capacity;
        _storage = storage;
        _outbox = outbox;
        _singles = singles;
        _context = context;
        _load = load;
        _onDefect = onDefect;
        _gathering = NewChunk();
    }

    /// <summary>Whether it is time for <see cref="Execute"/>.</summary>
    public bool IsFull => _gathering.Group.IsFull;

    /// <summary>Adds a get.</summary>
    /// <param name="key">Its key; copied.</param>
    /// <param name="id">Its id.</param>
    public void Add(ReadOnlySpan<byte> key, RequestId id) => _gathering.Group.Add(key, id);

    /// <summary>Adds a get of many.</summary>
    /// <param name="body">The body of the request; copied.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="StorageException">The request is refused.</exception>
    public void AddMany(ReadOnlySpan<byte> body, RequestId id) => _gathering.Group.AddMany(body, id);

    /// <summary>Executes what was added: on another thread while none does, so that more can be taken; otherwise at once.</summary>
    public void Execute()
    {
        if (Take() is not { } chunk)
        {
            return;
        }

        if (Volatile.Read(ref _running) < MaxRunning)
        {
            ThreadPool.UnsafeQueueUserWorkItem(chunk, preferLocal: false);
        }
        else
        {
            chunk.Execute();
        }
    }

    /// <summary>Takes what was added, for its taker to execute, unless as many are executed as may be.</summary>
    /// <returns>What to execute; null if it was executed here, or there was nothing.</returns>
    public IThreadPoolWorkItem? TakeForLater()
    {
        if (Take() is not { } chunk)
        {
            return null;
        }

        if (Volatile.Read(ref _running) <= MaxRunning)
        {
            return chunk;
        }

        chunk.Execute();
        return null;
    }

    /// <summary>Waits until all that was taken is answered.</summary>
    public Task WaitAsync()
    {
        lock (_spare)
        {
            if (_running == 0)
            {
                return Task.CompletedTask;
            }

            _idleWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idleWaiter.Task;
        }
    }

    private Chunk? Take()
    {
        Chunk chunk = _gathering;
        int count = chunk.Group.Count;
        if (count == 0)
        {
            return null;
        }

        lock (_spare)
        {
            _gathering = _spare.Count > 0 ? _spare.Pop() : NewChunk();
            _running++;
        }

        // What is read is answered soon: it is waited for, but is not counted against what the client may send.
        _load.Begin(count);
        _load.Answer(count);
        return chunk;
    }

    private void Finish(Chunk chunk, int count)
    {
        TaskCompletionSource? idle = null;
        lock (_spare)
        {
            _spare.Push(chunk);
            if (--_running == 0)
            {
                idle = _idleWaiter;
                _idleWaiter = null;
            }
        }

        idle?.TrySetResult();
        _load.End(count);
    }

    private Chunk NewChunk() => new(this, new ReadGroup(_capacity, new ReplyWriter(_outbox), _singles, _context));

    private sealed class Chunk(SessionReads owner, ReadGroup group) : IThreadPoolWorkItem
    {
        public ReadGroup Group => group;

        public void Execute()
        {
            int count = group.Count;
            try
            {
                group.Execute(owner._storage);
            }
            catch (Exception exception)
            {
                // Storage failures are replies; this is none, and the thread is nobody's who could tell.
                owner._onDefect(exception);
            }

            owner.Finish(this, count);
        }
    }
}
