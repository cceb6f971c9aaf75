namespace WsStorage.WsClient;

/// <summary>Requests that have ended, kept for the next. Thread-safe.</summary>
internal sealed class RequestPool(int capacity)
{
    /// <summary>A body that is longer than this is not kept with its request.</summary>
    public const int MaxKeptBodyBytes = 16 * 1024;

    public Shelf<PendingGet> Gets { get; } = new(capacity);

    public Shelf<PendingWrite> Writes { get; } = new(capacity);

    public Shelf<PendingGetMany> GetManys { get; } = new(capacity);

    internal sealed class Shelf<T>(int capacity)
        where T : class, new()
    {
        private readonly Lock _gate = new();
        private readonly Stack<T> _items = new();

        public T Rent()
        {
            lock (_gate)
            {
                if (_items.TryPop(out T? item))
                {
                    return item;
                }
            }

            return new T();
        }

        public void Return(T item)
        {
            lock (_gate)
            {
                if (_items.Count < capacity)
                {
                    _items.Push(item);
                }
            }
        }
    }
}
