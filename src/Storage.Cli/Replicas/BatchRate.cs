namespace WsStorage.Cli.Replicas;

/// <summary>How many batches a second were applied, over the last seconds. Not thread-safe.</summary>
internal sealed class BatchRate(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    private readonly Queue<(long At, long Applied)> _samples = [];

    /// <summary>Takes a sample.</summary>
    /// <param name="applied">How many batches have been applied so far.</param>
    /// <returns>How many there are a second.</returns>
    public double Sample(long applied)
    {
        long now = time.GetTimestamp();
        _samples.Enqueue((now, applied));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().At, now) > Window)
        {
            _samples.Dequeue();
        }

        (long at, long before) = _samples.Peek();
        double seconds = time.GetElapsedTime(at, now).TotalSeconds;
        return seconds > 0 ? (applied - before) / seconds : 0;
    }
}
