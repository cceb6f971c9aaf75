namespace WsStorage.WsClient.Watches;

/// <summary>Counts the memory of what the watches of a connection share. Thread-safe.</summary>
internal sealed class SharedMemory
{
    /// <summary>From here on nothing more is shared, in bytes. What each watch keeps for itself is bounded by its credit.</summary>
    public const long MaxBytes = 16 * 1024 * 1024;

    private long _bytes;

    public bool IsCrowded => Volatile.Read(ref _bytes) > MaxBytes;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
