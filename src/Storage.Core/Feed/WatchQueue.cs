namespace WsStorage.Core.Feed;

/// <summary>
/// The events that wait for the reader of one watch, or are read: enough to ride out a moment, bounded so that thousands of watches whose
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

    private readonly Queue<ReadOnlyMemory<ToldBatch>> _told = new();
    private ReadOnlyMemory<ToldBatch> _taken;
    private int _bytes;
    private int _borrowed;

    /// <summary>Adds events as far as there is room.</summary>
    /// <param name="told">The events; kept, and shared by the watches that are told the same.</param>
    /// <returns>How many were added.</returns>
    public int Add(ReadOnlyMemory<ToldBatch> told)
    {
        int count = 0;
        foreach (ref readonly ToldBatch batch in told.Span)
        {
            if (!TryCount(Measure(batch.Event)))
            {
                break;
            }

            count++;
        }

        if (count > 0)
        {
            _told.Enqueue(told[..count]);
        }

        return count;
    }

    /// <summary>Takes the oldest events, as they were added. Those that were taken before count no more.</summary>
    /// <returns>Whether there are any.</returns>
    public bool TryTake(out ReadOnlyMemory<ToldBatch> taken)
    {
        foreach (ref readonly ToldBatch batch in _taken.Span)
        {
            int bytes = Measure(batch.Event);
            _bytes -= bytes;
            GiveBack(Math.Min(bytes, _borrowed));
        }

        bool found = _told.TryDequeue(out taken);
        _taken = taken;
        return found;
    }

    /// <summary>Forgets what waits.</summary>
    public void Clear()
    {
        _told.Clear();
        _taken = default;
        _bytes = 0;
        GiveBack(_borrowed);
    }

    private bool TryCount(int bytes)
    {
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

        _bytes += bytes;
        return true;
    }

    private void GiveBack(int bytes)
    {
        _borrowed -= bytes;
        shared.GiveBack(bytes);
    }

    private static int Measure(in WatchEvent counted) =>
        OverheadBytes + counted.PackedOperations.Length + counted.PackedPrevious.Length;
}
