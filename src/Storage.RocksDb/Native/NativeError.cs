using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>
/// Turns what librocksdb says of a failure into a <see cref="StorageException"/>. Its C interface gives a status as text
/// only; the words looked for are constants of RocksDB's <c>util/status.cc</c> and <c>env/</c>, not the locale's.
/// </summary>
internal static class NativeError
{
    /// <summary>Throws when a call has set its <c>errptr</c>; frees the text.</summary>
    /// <param name="error">What the call has set.</param>
    /// <param name="failure">What failed, as the start of a sentence.</param>
    public static void ThrowIfSet(nint error, string failure)
    {
        if (error != 0)
        {
            throw ToException(error, failure);
        }
    }

    /// <summary>Makes the exception for a set <c>errptr</c>; frees the text.</summary>
    /// <param name="error">What the call has set.</param>
    /// <param name="failure">What failed, as the start of a sentence.</param>
    /// <param name="outcome">What became of the write, if it was one.</param>
    public static StorageException ToException(nint error, string failure, WriteOutcome outcome = WriteOutcome.NotApplied) =>
        ToException(Take(error), failure, outcome);

    /// <summary>Makes the exception for a status text.</summary>
    public static StorageException ToException(string status, string failure, WriteOutcome outcome = WriteOutcome.NotApplied)
    {
        StorageErrorCode code = Classify(status);
        string remedy = code switch
        {
            StorageErrorCode.DiskFull => " The disk is full: free some space.",
            StorageErrorCode.Corrupt => " The data is damaged: restore it from a checkpoint.",
            StorageErrorCode.UnsupportedVersion => " Use a newer librocksdb.",
            _ => "",
        };
        return new StorageException(code, $"{failure}: {status.TrimEnd('.', ' ')}.{remedy}", outcome);
    }

    /// <summary>Copies a status text out of native memory and frees it.</summary>
    public static string Take(nint error)
    {
        string text = Marshal.PtrToStringUTF8(error) ?? "no reason given";
        RocksDbApi.rocksdb_free(error);
        return text;
    }

    /// <summary>The code for a status text.</summary>
    public static StorageErrorCode Classify(string status)
    {
        if (Says(status, "No space left on device") || Says(status, "Disk quota exceeded"))
        {
            return StorageErrorCode.DiskFull;
        }

        if (Says(status, "newer version"))
        {
            return StorageErrorCode.UnsupportedVersion;
        }

        if (Says(status, "lock hold by current process") || (Says(status, "lock file") && Says(status, "LOCK")))
        {
            return StorageErrorCode.Locked;
        }

        if (Says(status, "does not exist (create_if_missing is false)"))
        {
            return StorageErrorCode.NotFound;
        }

        return status.Split(':', 2)[0] switch
        {
            "Corruption" => StorageErrorCode.Corrupt,
            "IO error" => StorageErrorCode.IOError,
            "Invalid argument" => StorageErrorCode.InvalidArgument,
            "Not implemented" => StorageErrorCode.Unsupported,
            "Shutdown in progress" => StorageErrorCode.Closed,
            _ => StorageErrorCode.Internal,
        };
    }

    private static bool Says(string status, string words) => status.Contains(words, StringComparison.Ordinal);
}
