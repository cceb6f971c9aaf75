namespace WsStorage.Replica.Reporting;

/// <summary>How far the loading of a copy is, and how fast it goes. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class LoadProgress(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _startedAt;
    private long _startRows;
    private long _startBytes;
    private long _rows;
    private long _bytes;
    private long? _expectedRows;
    private long? _expectedBytes;
    private bool _isRunning;

    /// <summary>Loading begins, or goes on.</summary>
    public void Begin(long rows, long bytes, long? expectedRows, long? expectedBytes)
    {
        lock (_gate)
        {
            _startedAt = time.GetTimestamp();
            (_startRows, _startBytes) = (rows, bytes);
            (_rows, _bytes) = (rows, bytes);
            (_expectedRows, _expectedBytes) = (expectedRows, expectedBytes);
            _isRunning = true;
        }
    }

    /// <summary>So much is loaded.</summary>
    public void Reach(long rows, long bytes)
    {
        lock (_gate)
        {
            (_rows, _bytes) = (rows, bytes);
        }
    }

    /// <summary>Loading is over, or interrupted.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isRunning = false;
        }
    }

    /// <summary>Adds it to a status.</summary>
    public ReplicaStatus AddTo(ReplicaStatus status)
    {
        lock (_gate)
        {
            double seconds = _isRunning ? time.GetElapsedTime(_startedAt).TotalSeconds : 0;
            double rowRate = seconds > 0 ? (_rows - _startRows) / seconds : 0;
            double byteRate = seconds > 0 ? (_bytes - _startBytes) / seconds : 0;
            return status with
            {
                Rows = _rows,
                Bytes = _bytes,
                ExpectedRows = _expectedRows,
                ExpectedBytes = _expectedBytes,
                RowsPerSecond = rowRate,
                BytesPerSecond = byteRate,
                Remaining = Left(_expectedRows - _rows, rowRate) ?? Left(_expectedBytes - _bytes, byteRate),
            };
        }
    }

    private static TimeSpan? Left(long? count, double rate)
    {
        double seconds = Math.Max(0, count ?? -1) / rate;
        return count is not null && rate > 0 && seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : null;
    }
}
