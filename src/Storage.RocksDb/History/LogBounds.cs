namespace WsStorage.RocksDb.History;

/// <summary>The two ends of the commit log, as the committing thread knows them; others may ask for its size.</summary>
internal sealed class LogBounds
{
    private ulong _byteCount;

    /// <summary>The oldest record, or null when the log is empty.</summary>
    public LogRecord? Oldest { get; private set; }

    /// <summary>The newest record, or null when the log is empty.</summary>
    public LogRecord? Newest { get; private set; }

    /// <summary>The bytes of all records since the log began.</summary>
    public ulong End => Newest?.End ?? 0;

    /// <summary>The bytes of the records that there are. Thread-safe.</summary>
    public ulong ByteCount => Volatile.Read(ref _byteCount);

    /// <summary>The log is as it was found.</summary>
    public void Set(LogRecord? oldest, LogRecord? newest)
    {
        Oldest = oldest;
        Newest = newest;
        Measure();
    }

    /// <summary>A record was added.</summary>
    public void Append(LogRecord record)
    {
        Oldest ??= record;
        Newest = record;
        Measure();
    }

    /// <summary>The records before one were removed.</summary>
    public void TrimTo(LogRecord oldest)
    {
        Oldest = oldest;
        Measure();
    }

    private void Measure() => Volatile.Write(ref _byteCount, End - (Oldest?.Offset ?? 0));
}
