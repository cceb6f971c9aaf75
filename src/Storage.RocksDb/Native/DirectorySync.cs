using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>Makes what was renamed or created in a directory durable: a file's own sync does not.</summary>
/// <remarks>Source: <c>fsync(2)</c>. Windows has nothing like it; there the file system's journal keeps the order.</remarks>
internal static partial class DirectorySync
{
    private const int InvalidArgument = 22; // EINVAL: a file system that knows no sync of directories

    /// <summary>Brings the directory's entries to the disk.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Sync(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = open(directory, 0);
        if (descriptor < 0)
        {
            throw ToException(directory);
        }

        try
        {
            if (fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw ToException(directory);
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    private static IOException ToException(string directory) =>
        new($"{directory} could not be synced: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
