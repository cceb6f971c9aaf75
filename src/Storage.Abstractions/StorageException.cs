namespace WsStorage;

/// <summary>The one exception of every storage: why it failed, and what became of the write.</summary>
public sealed class StorageException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">Why.</param>
    /// <param name="message">Names the thing, the limit and the remedy.</param>
    /// <param name="outcome">What became of the write; <see cref="WriteOutcome.NotApplied"/> for a read.</param>
    /// <param name="innerException">What lies behind it.</param>
    public StorageException(
        StorageErrorCode code,
        string message,
        WriteOutcome outcome = WriteOutcome.NotApplied,
        Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Outcome = outcome;
    }

    /// <summary>Why it failed.</summary>
    public StorageErrorCode Code { get; }

    /// <summary>What became of the write.</summary>
    public WriteOutcome Outcome { get; }

    /// <summary>An argument or an option makes no sense.</summary>
    /// <param name="message">Names the thing and what it must be.</param>
    /// <returns>The exception, to be thrown.</returns>
    public static StorageException InvalidArgument(string message) => new(StorageErrorCode.InvalidArgument, message);

    /// <summary>A key is too long.</summary>
    /// <param name="length">Its length in bytes.</param>
    /// <returns>The exception, to be thrown.</returns>
    public static StorageException KeyTooLarge(int length) => new(
        StorageErrorCode.KeyTooLarge,
        $"A key is {length} bytes long; keys have at most {StorageLimits.MaxKeyBytes}. Use a shorter key, such as a hash of the long one.");
}
