namespace WsStorage.Outbox;

/// <summary>Sequences that somebody holds on to; the least of them counts. Not thread-safe.</summary>
internal sealed class SequenceHolds
{
    private readonly SortedDictionary<ulong, int> _holds = [];

    /// <summary>The least sequence that is held; the greatest there is when none is.</summary>
    public ulong Least { get; private set; } = ulong.MaxValue;

    public void Add(ulong sequence)
    {
        _holds[sequence] = _holds.GetValueOrDefault(sequence) + 1;
        Least = Math.Min(Least, sequence);
    }

    public void Remove(ulong sequence)
    {
        int left = _holds[sequence] - 1;
        if (left > 0)
        {
            _holds[sequence] = left;
            return;
        }

        _holds.Remove(sequence);
        Least = ulong.MaxValue;
        foreach (ulong held in _holds.Keys)
        {
            Least = held;
            break;
        }
    }
}
