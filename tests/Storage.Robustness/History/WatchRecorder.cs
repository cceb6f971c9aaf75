namespace WsStorage.Robustness.History;

/// <summary>
/// A watcher of a run: follows what its spec says, records what it is told, and by its spec begins anew now and then. A watch
/// that ends by itself ends the recorder; the record says why.
/// </summary>
/// <param name="spec">What it watches.</param>
/// <param name="storage">Gives the storage to watch.</param>
/// <param name="restartAsync">Called between two watches, to replace the client.</param>
/// <param name="random">The moments.</param>
internal sealed class WatchRecorder(WatchSpec spec, Func<IStorage> storage, Func<Task> restartAsync, Random random)
{
    private const int MostEventsOfOneWatch = 3000;

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource? _paused;
    private int _count;

    /// <summary>What it was told; to be read when <see cref="RunAsync"/> has ended.</summary>
    public WatchRecord Record { get; } = new(spec);

    /// <summary>The revision up to which it was told all.</summary>
    public Milestone Reached { get; } = new();

    /// <summary>Completes when the watch has begun, or can't.</summary>
    public Task Begun => _begun.Task;

    /// <summary>How many events and marks it was told.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Does not ask for what comes next, until <see cref="Resume"/>.</summary>
    public void Pause() => _paused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Goes on.</summary>
    public void Resume()
    {
        TaskCompletionSource? paused = _paused;
        _paused = null;
        paused?.SetResult();
    }

    /// <summary>Watches until it is stopped.</summary>
    /// <param name="after">The position to begin after, or none for now.</param>
    /// <param name="stop">Stops it.</param>
    public async Task RunAsync(Position? after, CancellationToken stop)
    {
        try
        {
            while (await FollowAsync(after, stop))
            {
                after = Record.Last;
                if (random.Next(4) == 0)
                {
                    await restartAsync();
                }
            }

            Record.End ??= "it ended without a reason";
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (StorageException exception)
        {
            Record.End = $"{exception.Code}: {exception.Message}";
        }
        finally
        {
            _begun.TrySetResult();
        }
    }

    /// <summary>How many events and marks a watch takes before it is begun anew: as often few as many.</summary>
    private int NextLength() => (int)Math.Exp(random.NextDouble() * Math.Log(MostEventsOfOneWatch));

    /// <summary>One watch.</summary>
    /// <returns>Whether it was this watcher that ended it.</returns>
    private async Task<bool> FollowAsync(Position? after, CancellationToken stop)
    {
        int left = spec.Restarts ? NextLength() : int.MaxValue;
        Record.Begin(after);
        await foreach (WatchEvent told in storage().WatchAsync(spec.ToOptions(after), stop).WithCancellation(stop))
        {
            Record.Add(told);
            Interlocked.Increment(ref _count);
            Reached.AdvanceTo((long)told.Revision.Value);
            _begun.TrySetResult();
            if (--left == 0)
            {
                return true;
            }

            if (_paused is { } paused)
            {
                await paused.Task.WaitAsync(stop);
            }
        }

        return false;
    }
}
