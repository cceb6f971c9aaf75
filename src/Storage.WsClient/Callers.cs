using System.Runtime.ExceptionServices;
using WsStorage.Transport;

namespace WsStorage.WsClient;

/// <summary>
/// Where the callers of a connection go on when their replies have come: on the thread that has received them, one after the other,
/// and what they ask next goes out together when the last has asked. So neither one request at a time nor a message with many
/// replies costs a change of threads. The loop that receives does not wait for them (<see cref="ReceiveBeside"/>). Those of one
/// message wait for each other, so this is for callers that are brief: when they are not, the rest get threads of the pool, and for a
/// while all do. Gathering belongs to the loop; all else is thread-safe.
/// </summary>
internal sealed class Callers
{
    /// <summary>How long those of one message may take together; whoever is left then gets a thread of the pool.</summary>
    private static readonly TimeSpan _brief = TimeSpan.FromMilliseconds(0.5);

    /// <summary>How often it is seen to whether one keeps the thread and does not let the others go on.</summary>
    private static readonly TimeSpan _watchPeriod = TimeSpan.FromMilliseconds(10);

    // For how many messages callers get threads of the pool after some have not been brief: more each time in a row.
    private const int LeastPenalty = 4;
    private const int MostPenalty = 4096;

    private const int MaxSpareBatches = 4;

    // Where more has always arrived, such as events of watches, it is not waited for the end of that.
    private const int MostWaits = 4;

    [ThreadStatic]
    private static CallerBatch? _onThisThread;

    private readonly MessageOutbox _outbox;
    private readonly TimeProvider _timeProvider;
    private readonly long _briefTicks;
    private readonly ITimer _watchdog;
    private readonly Lock _gate = new();
    private readonly List<CallerBatch> _running = [];
    private readonly Stack<CallerBatch> _spare = new();
    private CallerBatch? _gathered;
    private bool _isWatched;
    private bool _hasRun;
    private bool _ended;
    private bool _sendingIsDue;
    private int _penalty = LeastPenalty;
    private int _penaltyLeft;

    /// <summary>Makes them.</summary>
    /// <param name="outbox">Where what they ask goes.</param>
    /// <param name="timeProvider">Tells the time.</param>
    public Callers(MessageOutbox outbox, TimeProvider timeProvider)
    {
        _outbox = outbox;
        _timeProvider = timeProvider;
        _briefTicks = (long)(_brief.TotalSeconds * timeProvider.TimestampFrequency);
        _watchdog = timeProvider.CreateTimer(
            static state => ((Callers)state!).Watch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Adds one whose reply has been taken. Belongs to the loop.</summary>
    /// <param name="request">The request.</param>
    public void Gather(PendingRequest request) => (_gathered ??= Rent()).Add(request);

    /// <summary>
    /// Takes those who were gathered when it is time that they go on: when nothing more has arrived, or they are many, or have waited
    /// for a few messages. To be called once for each message. Belongs to the loop.
    /// </summary>
    /// <param name="isLast">Whether nothing more has arrived.</param>
    /// <returns>They, to be executed once the loop needs this thread no longer; or none.</returns>
    public CallerBatch? Take(bool isLast)
    {
        CallerBatch? batch = _gathered;
        if (batch is null || !(isLast || batch.IsFull || ++batch.Waits >= MostWaits))
        {
            return null;
        }

        _gathered = null;
        return batch;
    }

    /// <summary>Lets them go on, on this thread as long as they are brief.</summary>
    /// <param name="batch">They.</param>
    public void Run(CallerBatch batch)
    {
        if (batch.Count == 1)
        {
            // It holds up nobody, and what it asks goes out at once.
            if (batch.TryTake(out PendingRequest? only))
            {
                Tell(only);
            }

            Return(batch);
        }
        else if (TryBegin(batch))
        {
            CallerBatch? outer = _onThisThread;
            _onThisThread = batch;
            RunHere(batch);
            _onThisThread = outer;
            SendWhatIsDue(alone: true);
            End(batch);
        }
        else
        {
            batch.GiveThreads();
            Return(batch);
        }
    }

    /// <summary>Sees to it that a request is sent that was added to the outbox: at once, or together with those of others who are about
    /// to go on on this thread.</summary>
    /// <param name="start">Whether the outbox said that sending has to be started.</param>
    /// <param name="alone">As for <see cref="MessageOutbox.Start"/>.</param>
    /// <param name="now">A timestamp of the clock.</param>
    public void Send(bool start, bool alone, long now)
    {
        CallerBatch? batch = _onThisThread is { } here && here.Owner == this ? here : null;
        if (batch is not null)
        {
            batch.SeenAt = now;
        }

        if (batch is { IsHeldUp: false } && now - batch.StartedAt <= _briefTicks)
        {
            if (start)
            {
                Volatile.Write(ref _sendingIsDue, true);
            }
        }
        else if (start)
        {
            _outbox.Start(alone);
        }
        else if (Volatile.Read(ref _sendingIsDue))
        {
            SendWhatIsDue(alone: false);
        }
    }

    /// <summary>Ends: whoever has not gone on yet gets a thread of the pool, so that nobody holds up anybody where no watchdog looks any
    /// more. Belongs to the loop.</summary>
    public ValueTask EndAsync()
    {
        CallerBatch? left = Take(isLast: true);
        left?.GiveThreads();
        lock (_gate)
        {
            _ended = true;
            foreach (CallerBatch batch in _running)
            {
                batch.IsHeldUp = true;
                batch.GiveThreads();
            }
        }

        return _watchdog.DisposeAsync();
    }

    private static void Tell(PendingRequest request)
    {
        try
        {
            request.Tell(inline: true);
        }
        catch (Exception exception)
        {
            // A continuation that throws is its owner's defect, and ends the process as it does on any thread of the pool.
            ThreadPool.UnsafeQueueUserWorkItem(
                static thrown => thrown.Throw(), ExceptionDispatchInfo.Capture(exception), preferLocal: false);
        }
    }

    private void RunHere(CallerBatch batch)
    {
        while (batch.TryTake(out PendingRequest? request))
        {
            // Who asks next has looked at the clock for that; what it does afterwards is seen with the one after it.
            long seenAt = batch.SeenAt;
            Tell(request);
            if (batch.SeenAt == seenAt)
            {
                batch.SeenAt = _timeProvider.GetTimestamp();
            }

            if (batch.SeenAt - batch.StartedAt > _briefTicks)
            {
                batch.IsHeldUp = true;
                batch.GiveThreads();
            }
        }
    }

    private bool TryBegin(CallerBatch batch)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            if (_penaltyLeft > 0)
            {
                _penaltyLeft--;
                return false;
            }

            batch.StartedAt = batch.SeenAt = _timeProvider.GetTimestamp();
            _running.Add(batch);
            _hasRun = true;
            if (!_isWatched)
            {
                _isWatched = true;
                _watchdog.Change(_watchPeriod, _watchPeriod);
            }

            return true;
        }
    }

    private void End(CallerBatch batch)
    {
        lock (_gate)
        {
            _running.Remove(batch);
            if (!batch.IsHeldUp)
            {
                _penalty = Math.Max(LeastPenalty, _penalty / 2);
            }
            else if (_penaltyLeft <= 0)
            {
                Punish();
            }

            Keep(batch);
        }
    }

    private void Punish()
    {
        _penaltyLeft = _penalty;
        _penalty = Math.Min(MostPenalty, _penalty * 2);
    }

    private void Watch()
    {
        lock (_gate)
        {
            if (!_hasRun && _running.Count == 0 && !_ended)
            {
                _isWatched = false;
                _watchdog.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            _hasRun = false;
            foreach (CallerBatch batch in _running)
            {
                if (batch.WasSeen && !batch.IsHeldUp)
                {
                    batch.IsHeldUp = true;
                    batch.GiveThreads();
                    Punish();
                }

                batch.WasSeen = true;
            }
        }

        SendWhatIsDue(alone: false);
    }

    private void SendWhatIsDue(bool alone)
    {
        if (Interlocked.Exchange(ref _sendingIsDue, false))
        {
            _outbox.Start(alone);
        }
    }

    private CallerBatch Rent()
    {
        lock (_gate)
        {
            return _spare.TryPop(out CallerBatch? batch) ? batch : new CallerBatch(this);
        }
    }

    private void Return(CallerBatch batch)
    {
        lock (_gate)
        {
            Keep(batch);
        }
    }

    private void Keep(CallerBatch batch)
    {
        batch.Clear();
        if (_spare.Count < MaxSpareBatches)
        {
            _spare.Push(batch);
        }
    }
}
