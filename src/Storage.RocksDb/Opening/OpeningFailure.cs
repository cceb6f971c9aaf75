using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Opening;

/// <summary>Says why a directory could not be opened.</summary>
internal static class OpeningFailure
{
    /// <summary>Throws when a call has set its <c>errptr</c>; frees the text.</summary>
    public static void ThrowIfSet(nint error, string directory)
    {
        if (error != 0)
        {
            throw ToException(NativeError.Take(error), directory);
        }
    }

    /// <summary>The exception for a status text.</summary>
    public static StorageException ToException(string status, string directory)
    {
        if (status.StartsWith("IO error: No such file", StringComparison.Ordinal) && StoreDirectory.HoldsDatabase(directory))
        {
            // Whether RocksDB calls a data file that is missing an error of the disk or of the data depends on its version.
            status = "Corruption: " + status;
        }

        if (NativeError.Classify(status) != StorageErrorCode.Locked)
        {
            return NativeError.ToException(status, $"The store in {directory} could not be opened");
        }

        return ToLocked(
            $"The store in {directory}",
            directory,
            status.Contains("current process", StringComparison.Ordinal),
            "Close it there, or open it here for reading only.");
    }

    /// <summary>The exception for a lock that is held.</summary>
    /// <param name="what">What is locked.</param>
    /// <param name="directory">The directory of the lock.</param>
    /// <param name="isOurs">Whether this process holds it.</param>
    /// <param name="remedy">What to do about it.</param>
    public static StorageException ToLocked(string what, string directory, bool isOurs, string remedy)
    {
        string holder = isOurs ? "this process has it open already"
            : LockHolder.Find(directory) is { } process ? $"another process ({process}) has it open"
            : "another process has it open";
        return new StorageException(StorageErrorCode.Locked, $"{what} is locked: {holder}. {remedy}");
    }
}
