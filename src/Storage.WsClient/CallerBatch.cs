using System.Diagnostics.CodeAnalysis;

namespace WsStorage.WsClient;

/// <summary>
/// The callers whose replies have come together. Filled by the loop that receives, executed once by any thread, then used over and
/// over.
/// </summary>
/// <param name="owner">The callers of the connection.</param>
internal sealed class CallerBatch(Callers owner) : IThreadPoolWorkItem
{
    // They wait while the rest of what has arrived is taken, which must not be long.
    private const int Capacity = 256;

    private readonly List<PendingRequest> _requests = [];
    private int _taken;

    public Callers Owner => owner;

    public int Count => _requests.Count;

    public bool IsFull => _requests.Count >= Capacity;

    /// <summary>How many messages were taken since the first was added. Belongs to the loop.</summary>
    public int Waits { get; set; }

    /// <summary>When it began to go on, as a timestamp of the clock.</summary>
    public long StartedAt { get; set; }

    /// <summary>The last time that was looked at the clock while they go on. Belongs to the thread on which they do.</summary>
    public long SeenAt { get; set; }

    /// <summary>Whether the watchdog has seen it run.</summary>
    public bool WasSeen { get; set; }

    /// <summary>Whether one of them has kept the thread for too long: the others have been given threads of their own.</summary>
    public bool IsHeldUp { get; set; }

    /// <summary>Adds one whose reply has been taken.</summary>
    /// <param name="request">The request.</param>
    public void Add(PendingRequest request) => _requests.Add(request);

    /// <summary>Takes one that has not been told. Thread-safe.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake([NotNullWhen(true)] out PendingRequest? request)
    {
        int index = Interlocked.Increment(ref _taken) - 1;
        request = index < _requests.Count ? _requests[index] : null;
        return request is not null;
    }

    /// <summary>Gives all that have not been told threads of the pool. Thread-safe.</summary>
    public void GiveThreads()
    {
        while (TryTake(out PendingRequest? request))
        {
            request.Tell(inline: false);
        }
    }

    /// <summary>Lets them go on.</summary>
    public void Execute() => owner.Run(this);

    /// <summary>Forgets them.</summary>
    public void Clear()
    {
        _requests.Clear();
        _taken = 0;
        Waits = 0;
        WasSeen = false;
        IsHeldUp = false;
    }
}
