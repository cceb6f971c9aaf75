using WsStorage.RocksDb.Copies;

namespace WsStorage.RocksDb.Opening;

/// <summary>Looks at a directory before RocksDB does, which would create a database over the remains of another.</summary>
internal static class StoreDirectory
{
    /// <summary>The names of files that say nothing of a database's content.</summary>
    private static readonly string[] Incidental = ["LOCK", "LOG", "IDENTITY", "MANIFEST-", "OPTIONS-", "lost+found", ".dbtmp", DiskSpace.ProbeFile];

    /// <summary>Whether a database is in the directory.</summary>
    public static bool HoldsDatabase(string directory) => File.Exists(Path.Combine(directory, "CURRENT"));

    /// <summary>Makes sure that the directory holds a database or may get one, and exists in that case.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotFound"/>, <see cref="StorageErrorCode.Corrupt"/> or
    /// <see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static void Prepare(string directory, RocksDbOptions options)
    {
        if (File.Exists(directory))
        {
            throw StorageException.InvalidArgument($"{directory} is a file; a store is a directory.");
        }

        if (HoldsDatabase(directory))
        {
            return;
        }

        if (Directory.Exists(directory))
        {
            RefuseForeignFiles(directory);
        }

        if (options.ReadOnly || !options.CreateIfMissing)
        {
            throw new StorageException(StorageErrorCode.NotFound, $"There is no store in {directory}.");
        }

        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageErrorCode.IOError, $"The directory {directory} could not be created: {e.Message}", WriteOutcome.NotApplied, e);
        }
    }

    private static void RefuseForeignFiles(string directory)
    {
        string[] names = [.. Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path)!)];
        if (names.Any(name => name.EndsWith(".sst", StringComparison.Ordinal) || name.EndsWith(".log", StringComparison.Ordinal)))
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"The store in {directory} is damaged: it has data files but no CURRENT file. Restore it from a checkpoint.");
        }

        if (names.FirstOrDefault(CopyDirectory.IsCopy) is { } copy)
        {
            throw StorageException.InvalidArgument(
                $"{directory} holds a replica's copies; {nameof(RocksDbCopyStore)} opens them. One of them ({copy}) can be opened for reading only.");
        }

        if (names.FirstOrDefault(name => !Incidental.Any(known => name.Contains(known, StringComparison.Ordinal))) is { } foreign)
        {
            throw StorageException.InvalidArgument(
                $"{directory} holds other files ({foreign}) and no store; name an empty directory, or one that does not exist.");
        }
    }
}
