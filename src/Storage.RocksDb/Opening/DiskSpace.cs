namespace WsStorage.RocksDb.Opening;

/// <summary>Tells a full disk before RocksDB meets it.</summary>
/// <remarks>
/// RocksDB writes a text log into the directory of every database that it opens. When a line of it can't be written, the
/// next one ends the process if the library was built with assertions, as Debian's is.
/// </remarks>
internal static class DiskSpace
{
    /// <summary>A file of this name may be left behind by a process that is killed while it opens a store.</summary>
    public const string ProbeFile = "wsstorage.probe";

    /// <summary>More than the text log of an opening takes.</summary>
    private const int NeededBytes = 1024 * 1024;

    /// <summary>Refuses a directory in which hardly anything can be written any more.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.DiskFull"/>.</exception>
    public static void Check(string directory)
    {
        try
        {
            // The free space that the system tells says nothing of quotas: writing does.
            using FileStream probe = new(
                Path.Combine(directory, ProbeFile), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.DeleteOnClose);
            probe.Write(new byte[NeededBytes]);
        }
        catch (IOException e) when (IsFull(e))
        {
            throw new StorageException(
                StorageErrorCode.DiskFull,
                $"The disk of {directory} is full: free at least {NeededBytes} bytes to open the store.",
                WriteOutcome.NotApplied,
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not a matter of space. A directory that can't be written can be opened for reading; otherwise RocksDB says why not.
            return;
        }
    }

    /// <summary>Refuses what is known to have no room, as far as the system tells.</summary>
    /// <param name="directory">Where it is to be; it exists.</param>
    /// <param name="needed">How many bytes it takes.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.DiskFull"/>.</exception>
    public static void CheckRoom(string directory, long needed, string what)
    {
        long free;
        try
        {
            free = new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A network path of Windows, for instance, is no drive: then writing shows it.
            return;
        }

        if (free < needed)
        {
            throw new StorageException(
                StorageErrorCode.DiskFull, $"The disk of {directory} has no room for {what}: it takes {needed} bytes, and {free} are free. Free some.");
        }
    }

    /// <summary>Whether a failure means that a disk, or a quota, is full.</summary>
    public static bool IsFull(Exception exception)
    {
        const int noSpace = 28; // ENOSPC, which .NET hands through
        const int noQuota = 122; // EDQUOT on Linux
        const int diskFull = unchecked((int)0x80070070); // HRESULT of ERROR_DISK_FULL
        return exception.HResult is noSpace or noQuota or diskFull;
    }
}
