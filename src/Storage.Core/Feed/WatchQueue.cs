namespace WsStorage.Core.Feed;

/// <summary>
/// The events that wait for the reader of one watch: enough to ride out a moment, bounded so that thousands of watches whose
/// readers are slow need no more memory than is planned for. Not thread-safe.
/// </summary>
/// <param name="shared">What all queues together may hold beyond what each may.</param>
internal sealed class WatchQueue(QueueBudget shared)
{
    /// <summary>How many bytes may wait.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>How many bytes may wait whatever waits elsewhere.</summary>
    public const int OwnBytes = 16 * 1024;

    /// <summary>A batch larger than this does not wait: who reads it later reads it from history.</summary>
    public const int MaxBatchBytes = 256 * 1024;

    /// <summary>What an event costs beside its bytes.</summary>
    private const int OverheadBytes = 128;

    private const int KeptEvents = 256;

    private readonly Queue<WatchEvent> _events = new();
    private int _bytes;
    private int _borrowed;

    /// <summary>Adds an event if there is room.</summary>
    /// <returns>Whether there was.</returns>
    public bool TryAdd(in WatchEvent added)
    {
        int bytes = Measure(added);
        if (bytes > MaxBatchBytes || _bytes + bytes > MaxBytes)
        {
            return false;
        }

        if (_bytes + bytes > OwnBytes)
        {
            if (!shared.TryTake(bytes))
            {
                return false;
            }

            _borrowed += bytes;
        }

        _events.Enqueue(added);
        _bytes += bytes;
        return true;
    }

    /// <summary>Takes the oldest event.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryTake(out WatchEvent taken)
    {
        if (!_events.TryDequeue(out taken))
        {
            return false;
        }

        int bytes = Measure(taken);
        _bytes -= bytes;
        GiveBack(Math.Min(bytes, _borrowed));
        if (_bytes == 0 && _events.Capacity > KeptEvents)
        {
            _events.TrimExcess(KeptEvents);
        }

        return true;
    }

    /// <summary>Forgets what waits.</summary>
    public void Clear()
    {
        _events.Clear();
        _events.TrimExcess();
        _bytes = 0;
        GiveBack(_borrowed);
    }

    private void GiveBack(int bytes)
    {
        _borrowed -= bytes;
        shared.GiveBack(bytes);
    }

    private static int Measure(in WatchEvent counted) =>
        OverheadBytes + counted.PackedOperations.Length + counted.PackedPrevious.Length;
}
