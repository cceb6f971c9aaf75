namespace WsStorage.Core.Feed;

/// <summary>How many bytes the queues of all watches of a feed may hold together. Thread-safe.</summary>
/// <param name="bytes">How many.</param>
internal sealed class QueueBudget(long bytes)
{
    private long _left = bytes;

    /// <summary>How many bytes are left.</summary>
    public long Left => Volatile.Read(ref _left);

    /// <summary>Takes some.</summary>
    /// <returns>Whether there were enough.</returns>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _left, -bytes) >= 0)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(int bytes)
    {
        if (bytes > 0)
        {
            Interlocked.Add(ref _left, bytes);
        }
    }
}
