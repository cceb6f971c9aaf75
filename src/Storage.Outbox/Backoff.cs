namespace WsStorage.Outbox;

/// <summary>
/// How long to wait after a failure: a random time up to a bound that doubles with each (full jitter), so that many producers that
/// lost their target together do not come back together. Not thread-safe.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan most)
{
    private double _bound = first.Ticks;

    /// <summary>The next wait.</summary>
    public TimeSpan Next()
    {
        double bound = Math.Min(_bound, most.Ticks);
        _bound = bound * 2;
        return TimeSpan.FromTicks((long)(Random.Shared.NextDouble() * bound));
    }

    /// <summary>Begins with the first bound again.</summary>
    public void Reset() => _bound = first.Ticks;
}
