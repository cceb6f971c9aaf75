namespace WsStorage.Replica;

/// <summary>
/// How long to wait before trying again: a random time up to a bound that doubles with each wait (full jitter), so that replicas
/// that lost their source together do not come back together. Not thread-safe.
/// </summary>
/// <param name="first">The bound of the first wait.</param>
/// <param name="most">What the bound grows to.</param>
/// <param name="time">The clock that is waited by.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan most, TimeProvider time)
{
    private double _bound = first.Ticks;

    /// <summary>How long the next wait is.</summary>
    public TimeSpan Next()
    {
        double bound = Math.Min(_bound, most.Ticks);
        _bound = bound * 2;
        return TimeSpan.FromTicks((long)(Random.Shared.NextDouble() * bound));
    }

    /// <summary>Waits.</summary>
    /// <param name="delay">What <see cref="Next"/> gave.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken) => Task.Delay(delay, time, cancellationToken);

    /// <summary>Begins with the first bound again.</summary>
    public void Reset() => _bound = first.Ticks;
}
