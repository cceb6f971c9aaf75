namespace WsStorage.WsServer;

/// <summary>
/// Lends what sessions need only while they have something to do, so that one that is idle holds none of it. Thread-safe.
/// </summary>
/// <typeparam name="T">What is lent.</typeparam>
/// <param name="create">Makes one.</param>
internal sealed class SharedPool<T>(Func<T> create)
{
    private const int MostKept = 64;

    private readonly Lock _gate = new();
    private readonly Stack<T> _spare = new();

    /// <summary>Lends one.</summary>
    public T Rent()
    {
        lock (_gate)
        {
            if (_spare.TryPop(out T? spare))
            {
                return spare;
            }
        }

        return create();
    }

    /// <summary>Takes one back.</summary>
    /// <param name="lent">It, empty.</param>
    public void Return(T lent)
    {
        lock (_gate)
        {
            if (_spare.Count < MostKept)
            {
                _spare.Push(lent);
            }
        }
    }
}
