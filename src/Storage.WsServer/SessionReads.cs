using WsStorage.Protocol;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// The reads of a session: gathered as they arrive, executed in groups. A group is read by the thread that has received it, while
/// another goes on receiving and reads the next: one thread alone would leave the other processors idle. Gathering is the session
/// loop's; a group may be executed by any thread.
/// </summary>
/// <param name="storage">Where from.</param>
/// <param name="outbox">Where the replies go.</param>
/// <param name="singles">Answers what the client has no room for now.</param>
/// <param name="context">The session's.</param>
/// <param name="load">Told of what is under way.</param>
/// <param name="onDefect">Told of what should not happen.</param>
internal sealed class SessionReads(
    IBatchStorage storage,
    MessageOutbox outbox,
    SingleRequests singles,
    SessionContext context,
    SessionLoad load,
    Action<Exception> onDefect)
{
    // More would take the processors from other connections.
    private const int MaxRunning = 2;

    private readonly Lock _gate = new();
    private readonly SharedPool<ReadGroup> _groups = context.Served.ReadGroups;
    private TaskCompletionSource? _idleWaiter;
    private ReadGroup? _gathering;
    private int _running;

    public IBatchStorage Storage => storage;

    public MessageOutbox Outbox => outbox;

    public SingleRequests Singles => singles;

    public SessionContext Context => context;

    /// <summary>Whether it is time for <see cref="Execute"/>.</summary>
    public bool IsFull => _gathering is { IsFull: true };

    /// <summary>Adds a get.</summary>
    /// <param name="key">Its key; copied.</param>
    /// <param name="id">Its id.</param>
    public void Add(ReadOnlySpan<byte> key, RequestId id) => Gather().Add(key, id);

    /// <summary>Adds a get of many.</summary>
    /// <param name="body">The body of the request; copied.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="StorageException">The request is refused.</exception>
    public void AddMany(ReadOnlySpan<byte> body, RequestId id) => Gather().AddMany(body, id);

    /// <summary>Executes what was added: on another thread while none does, so that more can be taken; otherwise at once.</summary>
    public void Execute()
    {
        if (Take(out int running) is not { } group)
        {
            return;
        }

        if (running < MaxRunning)
        {
            ThreadPool.UnsafeQueueUserWorkItem(group, preferLocal: false);
        }
        else
        {
            group.Execute();
        }
    }

    /// <summary>Takes what was added, for its taker to execute, unless as many are executed as may be.</summary>
    /// <returns>What to execute; null if it was executed here, or there was nothing.</returns>
    public IThreadPoolWorkItem? TakeForLater()
    {
        if (Take(out int running) is not { } group)
        {
            return null;
        }

        if (running <= MaxRunning)
        {
            return group;
        }

        group.Execute();
        return null;
    }

    /// <summary>Waits until all that was taken is answered.</summary>
    public Task WaitAsync()
    {
        lock (_gate)
        {
            if (_running == 0)
            {
                return Task.CompletedTask;
            }

            _idleWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idleWaiter.Task;
        }
    }

    /// <summary>Ends the session, which can't say what became of a read.</summary>
    /// <param name="exception">Why.</param>
    public void OnDefect(Exception exception) => onDefect(exception);

    /// <summary>Takes a group back that was executed.</summary>
    /// <param name="group">The group, empty.</param>
    /// <param name="count">How many requests it had.</param>
    public void Finish(ReadGroup group, int count)
    {
        _groups.Return(group);
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (--_running == 0)
            {
                idle = _idleWaiter;
                _idleWaiter = null;
            }
        }

        idle?.TrySetResult();
        load.End(count);
    }

    private ReadGroup Gather()
    {
        if (_gathering is null)
        {
            _gathering = _groups.Rent();
            _gathering.BelongTo(this);
        }

        return _gathering;
    }

    private ReadGroup? Take(out int running)
    {
        running = 0;
        if (_gathering is not { Count: > 0 } group)
        {
            return null;
        }

        _gathering = null;
        lock (_gate)
        {
            running = ++_running;
        }

        // What is read is answered soon: it is waited for, but is not counted against what the client may send.
        load.Begin(group.Count);
        load.Answer(group.Count);
        return group;
    }
}
