using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Opening;

/// <summary>Makes a new store of a checkpoint.</summary>
internal static class Restoring
{
    /// <summary>Copies a checkpoint, gives the copy an epoch of its own, and then puts it in its place.</summary>
    public static async ValueTask RestoreAsync(string checkpoint, string directory, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpoint);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (!StoreDirectory.HoldsDatabase(checkpoint))
        {
            throw new StorageException(StorageErrorCode.NotFound, $"There is no checkpoint in {checkpoint}.");
        }

        if (File.Exists(directory) || (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any()))
        {
            throw StorageException.InvalidArgument($"{directory} is not empty; restore into an empty directory, or one that does not exist.");
        }

        // Until it has its own epoch the copy must not be taken for a store: it grows beside its place.
        string copy = $"{directory}.restoring-{Guid.NewGuid():N}";
        try
        {
            await CopyAsync(checkpoint, copy, cancellationToken).ConfigureAwait(false);
            MintEpoch(copy);
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory);
            }

            Directory.Move(copy, directory);
        }
        catch (Exception e)
        {
            Discard(copy);
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new StorageException(
                    DiskSpace.IsFull(e) ? StorageErrorCode.DiskFull : StorageErrorCode.IOError, $"{checkpoint} could not be restored into {directory}: {e.Message}", WriteOutcome.NotApplied, e);
            }

            throw;
        }
    }

    private static async Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            string name = Path.GetFileName(file);
            if (name is "LOCK" or DiskSpace.ProbeFile || name.StartsWith("LOG", StringComparison.Ordinal))
            {
                continue;
            }

            FileStream source = File.OpenRead(file);
            FileStream target = File.Create(Path.Combine(to, name));
            await using (source.ConfigureAwait(false))
            await using (target.ConfigureAwait(false))
            {
                await source.CopyToAsync(target, cancellationToken).ConfigureAwait(false);

                // RocksDB has synced the files it wrote; it doesn't know of these.
                target.Flush(flushToDisk: true);
            }
        }
    }

    private static void MintEpoch(string directory)
    {
        using Database database = DatabaseOpening.Open(directory, new RocksDbOptions { CreateIfMissing = false });
        if (CopyFacts.Read(database)?.Load is not null)
        {
            throw StorageException.InvalidArgument(
                "The checkpoint is of a replica's copy that was being loaded: it does not have all rows of any moment. Restore another one.");
        }

        StoreRecovery.WriteEpoch(database, Guid.NewGuid());
    }

    private static void Discard(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
