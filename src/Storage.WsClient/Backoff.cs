namespace WsStorage.WsClient;

/// <summary>
/// How long to wait before the next attempt to connect: a random time up to a bound that doubles with each wait (full jitter),
/// so that clients that were cut off together do not come back together. Not thread-safe.
/// </summary>
/// <param name="first">The bound of the first wait.</param>
/// <param name="most">What the bound grows to.</param>
/// <param name="random">Gives numbers from 0, included, to 1, excluded, evenly.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan most, Func<double> random)
{
    private double _bound = first.Ticks;

    /// <summary>The next wait.</summary>
    /// <returns>Less than the bound.</returns>
    public TimeSpan Next()
    {
        double bound = Math.Min(_bound, most.Ticks);
        _bound = bound * 2;
        return TimeSpan.FromTicks((long)(random() * bound));
    }

    /// <summary>Begins with the first bound again.</summary>
    public void Reset() => _bound = first.Ticks;
}
