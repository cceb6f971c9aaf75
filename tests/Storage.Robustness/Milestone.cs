namespace WsStorage.Robustness;

/// <summary>A number that only grows, and those who wait for it to get somewhere. Thread-safe.</summary>
internal sealed class Milestone
{
    private readonly Lock _gate = new();
    private readonly List<(long Value, TaskCompletionSource Reached)> _waiting = [];
    private long _value;

    /// <summary>How far it is.</summary>
    public long Value => Volatile.Read(ref _value);

    /// <summary>Goes on by some more.</summary>
    public void Add(long more)
    {
        lock (_gate)
        {
            Reach(_value + more);
        }
    }

    /// <summary>Goes on to a value, unless it is there already.</summary>
    public void AdvanceTo(long value)
    {
        lock (_gate)
        {
            Reach(Math.Max(_value, value));
        }
    }

    /// <summary>Completes when the value is reached.</summary>
    public Task ReachedAsync(long value)
    {
        lock (_gate)
        {
            if (_value >= value)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((value, reached));
            return reached.Task;
        }
    }

    private void Reach(long value)
    {
        Volatile.Write(ref _value, value);
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].Value <= value)
            {
                _waiting[i].Reached.SetResult();
                _waiting.RemoveAt(i);
            }
        }
    }
}
