namespace WsStorage.RocksDb.Receipts;

/// <summary>Says which checkpoints are received. What another process names is not trusted with our disk.</summary>
internal static class ReceiptRules
{
    /// <summary>The most files that a checkpoint may have; RocksDB's grow with the store.</summary>
    public const int MaxFiles = 100_000;

    private const int MaxNameLength = 100;
    private const long MaxBytes = 1L << 60;

    /// <summary>Refuses a checkpoint of another format, and names and lengths that make no sense.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public static void Check(CheckpointInfo checkpoint)
    {
        if (!string.Equals(checkpoint.Format, Checkpoints.PinnedCheckpoints.Format, StringComparison.Ordinal))
        {
            throw StorageException.InvalidArgument(
                $"The checkpoint {checkpoint.Id} is of the format {checkpoint.Format}; only {Checkpoints.PinnedCheckpoints.Format} is received. Copy its rows.");
        }

        if (checkpoint.Files.Count is 0 or > MaxFiles)
        {
            throw StorageException.InvalidArgument(
                $"The checkpoint {checkpoint.Id} has {checkpoint.Files.Count} files; it must have from 1 to {MaxFiles}.");
        }

        // Two names that differ in case only are one file in some file systems.
        var names = new HashSet<string>(checkpoint.Files.Count, StringComparer.OrdinalIgnoreCase);
        long free = MaxBytes;
        foreach (CheckpointFile file in checkpoint.Files)
        {
            if (!IsName(file.Name) || !names.Add(file.Name))
            {
                throw StorageException.InvalidArgument(
                    $"A file of the checkpoint {checkpoint.Id} has no name that can be received; one is of 1 to {MaxNameLength} letters, digits, '.', '_' and '-', begins with none of '.' and 'wsstorage.', and is there once.");
            }

            if (file.Length < 0 || file.Length > free)
            {
                throw StorageException.InvalidArgument(
                    $"{file.Name} of the checkpoint {checkpoint.Id} has {file.Length} bytes; the files have from 0 to {MaxBytes} together.");
            }

            free -= file.Length;
        }
    }

    private static bool IsName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength }
        && name[0] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        && !name.StartsWith("wsstorage.", StringComparison.OrdinalIgnoreCase);
}
