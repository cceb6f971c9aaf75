namespace WsStorage.Testing;

/// <summary>
/// A clock that stands still until a test moves it. Timers fire on the thread that moves it, in the order in which they
/// are due, each at its own due time; a callback may read the clock, and make and change timers.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(TimeSpan Due, TaskCompletionSource Set)> _waiters = [];
    private readonly List<TaskCompletionSource> _restWaiters = [];
    private readonly DateTimeOffset _start;
    private TimeSpan _elapsed;
    private long _timersMade;

    /// <summary>Makes a clock.</summary>
    /// <param name="start">What it shows at first; <see langword="null"/> for the start of 2026.</param>
    public ManualTimeProvider(DateTimeOffset? start = null) =>
        _start = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set: lets a test wait until the code under test is waiting for the clock.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed();

    /// <inheritdoc/>
    public override long GetTimestamp() => Elapsed().Ticks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until a timer is set that is due after exactly some time: the code under test then waits for it.</summary>
    /// <param name="dueTime">The time from now.</param>
    /// <returns>Completes when there is one; at once if there is one already.</returns>
    public Task WaitForTimerAsync(TimeSpan dueTime)
    {
        lock (_gate)
        {
            TimeSpan due = _elapsed + dueTime;
            if (_timers.Exists(timer => timer.Due == due))
            {
                return Task.CompletedTask;
            }

            var set = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((due, set));
            return set.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>Whether a timer is set that is due after exactly some time.</summary>
    /// <param name="dueTime">The time from now.</param>
    /// <returns>Whether there is one.</returns>
    public bool IsSet(TimeSpan dueTime)
    {
        lock (_gate)
        {
            return _timers.Exists(timer => timer.Due == _elapsed + dueTime);
        }
    }

    /// <summary>Waits until no timer is set: the code under test waits for the clock no more.</summary>
    /// <returns>Completes then; at once if none is set.</returns>
    public Task WaitForNoTimerAsync()
    {
        lock (_gate)
        {
            if (_timers.Count == 0)
            {
                return Task.CompletedTask;
            }

            var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _restWaiters.Add(rest);
            return rest.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>Moves the clock on and fires what becomes due on the way. Returns when all callbacks have.</summary>
    /// <param name="by">How far; zero fires what is due now.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target = Elapsed() + by;
        while (TakeDue(target) is { } due)
        {
            due.Fire();
        }
    }

    /// <summary>Moves the clock to when the next timer is due, and fires it and all others due then.</summary>
    /// <returns>Whether there was a timer.</returns>
    public bool AdvanceToNextTimer()
    {
        TimeSpan by;
        lock (_gate)
        {
            if (_timers.Count == 0)
            {
                return false;
            }

            by = _timers.Min(timer => timer.Due) - _elapsed;
        }

        Advance(by > TimeSpan.Zero ? by : TimeSpan.Zero);
        return true;
    }

    private TimeSpan Elapsed()
    {
        lock (_gate)
        {
            return _elapsed;
        }
    }

    private ManualTimer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            ManualTimer? next = _timers.Where(timer => timer.Due <= target).OrderBy(timer => timer.Due).ThenBy(timer => timer.Order).FirstOrDefault();
            TimeSpan now = next?.Due ?? target;
            _elapsed = now > _elapsed ? now : _elapsed;
            if (next is not null && !next.TryRepeat())
            {
                _timers.Remove(next);
                TellRest();
            }

            return next;
        }
    }

    private bool Set(ManualTimer timer, TimeSpan dueTime, TimeSpan period, bool isLast = false)
    {
        lock (_gate)
        {
            // Under the lock: a timer that one thread changes and another disposes of must not stay set.
            if (timer.IsDisposed)
            {
                return false;
            }

            timer.IsDisposed = isLast;
            _timers.Remove(timer);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                timer.Arm(_elapsed + dueTime, period, ++_timersMade);
                _timers.Add(timer);
                foreach ((TimeSpan due, TaskCompletionSource set) in _waiters)
                {
                    if (due == timer.Due)
                    {
                        set.TrySetResult();
                    }
                }
            }
            else
            {
                TellRest();
            }

            return true;
        }
    }

    private void TellRest()
    {
        if (_timers.Count == 0)
        {
            _restWaiters.ForEach(static rest => rest.TrySetResult());
            _restWaiters.Clear();
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public bool IsDisposed { get; set; }

        public TimeSpan Due { get; private set; }

        public long Order { get; private set; }

        public void Arm(TimeSpan due, TimeSpan period, long order)
        {
            Due = due;
            Order = order;
            _period = period;
        }

        public bool TryRepeat()
        {
            Due += _period;
            return _period > TimeSpan.Zero;
        }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Set(this, dueTime, period);

        public void Dispose() => clock.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, isLast: true);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
