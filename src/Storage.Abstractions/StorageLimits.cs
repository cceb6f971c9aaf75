namespace WsStorage;

/// <summary>What a storage takes at the most.</summary>
/// <param name="MaxValueBytes">The longest value, in bytes.</param>
/// <param name="MaxBatchBytes">The largest batch, its preconditions and operations together, in bytes.</param>
public sealed record StorageLimits(int MaxValueBytes, int MaxBatchBytes)
{
    /// <summary>The longest key of any storage, in bytes: 64 KiB.</summary>
    public const int MaxKeyBytes = 64 * 1024;

    /// <summary>Values of 16 MiB, batches of 32 MiB.</summary>
    public static StorageLimits Default { get; } = new(16 * 1024 * 1024, 32 * 1024 * 1024);

    /// <summary>Refuses contradictions.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        if (MaxValueBytes < 1 || MaxBatchBytes > 1 << 30)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(MaxValueBytes)} is {MaxValueBytes} and {nameof(MaxBatchBytes)} is {MaxBatchBytes}; they must be at least 1 and at most 1 GiB.");
        }

        // A batch must have room for the largest put: key, value, and their lengths.
        const long overhead = MaxKeyBytes + 64;
        if (MaxBatchBytes < MaxValueBytes + overhead)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(MaxBatchBytes)} is {MaxBatchBytes}; with a {nameof(MaxValueBytes)} of {MaxValueBytes} it must be at least {MaxValueBytes + overhead}.");
        }
    }

    /// <summary>Refuses a key that is too long.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.KeyTooLarge"/>.</exception>
    public static void CheckKey(ReadOnlySpan<byte> key)
    {
        if (key.Length > MaxKeyBytes)
        {
            throw StorageException.KeyTooLarge(key.Length);
        }
    }

    /// <summary>Refuses a batch that is too large, or one of whose values is too long.</summary>
    /// <param name="batch">The batch.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.ValueTooLarge"/> or
    /// <see cref="StorageErrorCode.BatchTooLarge"/>.</exception>
    public void Check(WriteBatch batch)
    {
        if (batch.LongestValueBytes > MaxValueBytes)
        {
            throw new StorageException(
                StorageErrorCode.ValueTooLarge,
                $"A value is {batch.LongestValueBytes} bytes long; this storage takes at most {MaxValueBytes}. Split the value over several keys, or raise the limit where the storage is opened.",
                WriteOutcome.NotApplied);
        }

        if (batch.ByteCount > MaxBatchBytes)
        {
            throw new StorageException(
                StorageErrorCode.BatchTooLarge,
                $"The batch is {batch.ByteCount} bytes long; this storage takes at most {MaxBatchBytes}. Write it in parts, or raise the limit where the storage is opened.",
                WriteOutcome.NotApplied);
        }
    }
}
