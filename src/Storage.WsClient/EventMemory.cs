using System.Buffers;

namespace WsStorage.WsClient;

/// <summary>
/// Where the events of one watch lie until they are read: a few large arrays in the place of one for each event. Guarded by the
/// <see cref="PendingWatch"/>; only what was handed out may be given back without.
/// </summary>
internal sealed class EventMemory
{
    // What waits for a reader who keeps up fits into one small array, and a watch that is told nothing holds none.
    private const int MinChunkBytes = 512;
    private const int MaxChunkBytes = 32 * 1024;

    private EventChunk? _chunk;
    private int _used;
    private int _nextBytes = MinChunkBytes;

    /// <summary>Finds room for an event.</summary>
    /// <param name="length">How many bytes.</param>
    /// <param name="start">Where in the array of what is returned.</param>
    /// <returns>What it is part of: to be given back by <see cref="EventChunk.Release"/>, once for each event.</returns>
    public EventChunk Take(int length, out int start)
    {
        if (_chunk is null || _chunk.Array.Length - _used < length)
        {
            LetGo();
            _chunk = new EventChunk(ArrayPool<byte>.Shared.Rent(Math.Max(length, _nextBytes)));
            _nextBytes = Math.Min(MaxChunkBytes, _chunk.Array.Length * 2);
        }

        EventChunk chunk = _chunk;
        start = _used;
        _used += length;
        chunk.AddUser();
        return chunk;
    }

    /// <summary>Nothing waits any more: begins small again.</summary>
    public void Reset()
    {
        LetGo();
        _nextBytes = MinChunkBytes;
    }

    private void LetGo()
    {
        _chunk?.Release();
        _chunk = null;
        _used = 0;
    }
}

/// <summary>A rented array in which events lie: returned when the last of them, and who fills it, has let it go. Thread-safe.</summary>
/// <param name="array">The array, owned.</param>
internal sealed class EventChunk(byte[] array)
{
    private int _users = 1;

    public byte[] Array => array;

    public void AddUser() => Interlocked.Increment(ref _users);

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
