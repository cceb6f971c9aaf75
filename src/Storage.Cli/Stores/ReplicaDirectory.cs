namespace WsStorage.Cli.Stores;

/// <summary>The directory of a replica: the copies that it has, and a file that names the current one.</summary>
internal static class ReplicaDirectory
{
    private const string CurrentFile = "current";
    private const string CopyPrefix = "copy-";

    /// <summary>Whether a directory holds a replica, perhaps one without a whole copy so far.</summary>
    public static bool Is(string directory) =>
        ReadCurrent(directory) is not null
        || (Directory.Exists(directory) && Directory.EnumerateDirectories(directory, $"{CopyPrefix}*").Any());

    /// <summary>The directory of the copy that is read, an ordinary store.</summary>
    public static string FindCopy(string directory) => ReadCurrent(directory) is { } name
        ? Path.Combine(directory, name)
        : throw new StorageException(
            StorageErrorCode.NotReady, $"The replica in {directory} has no whole copy yet: let `wsstorage replicate` finish loading it.");

    // Where names are the same in any case, a store has such a file too, which names something else.
    private static string? ReadCurrent(string directory)
    {
        string file = Path.Combine(directory, CurrentFile);
        string name = File.Exists(file) ? File.ReadAllText(file).Trim() : "";
        return name.StartsWith(CopyPrefix, StringComparison.Ordinal) ? name : null;
    }
}
