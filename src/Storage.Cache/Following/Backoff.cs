namespace WsStorage.Cache.Following;

/// <summary>How long to wait before the next attempt: a random time up to a bound that doubles each time, from 100 ms to 10 s.</summary>
/// <param name="random">Gives numbers from 0, included, to 1, excluded, evenly.</param>
internal sealed class Backoff(Func<double> random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    private TimeSpan _bound = First;

    public TimeSpan Next()
    {
        TimeSpan bound = _bound;
        _bound = bound * 2 < Most ? bound * 2 : Most;
        return bound * random();
    }

    public void Reset() => _bound = First;
}
