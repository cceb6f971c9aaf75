using System.Globalization;

namespace WsStorage.RocksDb.Opening;

/// <summary>Names the process that holds a store's lock, where the system tells: Linux, for processes of the same user.</summary>
internal static class LockHolder
{
    /// <summary>Finds the holder.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <returns>Its number and name, or null when the system does not tell.</returns>
    public static string? Find(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        string lockFile = Path.Combine(Path.GetFullPath(directory), "LOCK");
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            string id = Path.GetFileName(process);
            if (int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number != Environment.ProcessId
                && Holds(process, lockFile))
            {
                return $"{id}, {NameOf(process)}";
            }
        }

        return null;
    }

    /// <summary>Whether this process is the holder, where the system tells.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsThisProcess(string directory) =>
        OperatingSystem.IsLinux() && Holds("/proc/self", Path.Combine(Path.GetFullPath(directory), "LOCK"));

    private static bool Holds(string process, string lockFile)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd"))
                .Any(descriptor => string.Equals(new FileInfo(descriptor).LinkTarget, lockFile, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that has just ended: not one that can be named.
            return false;
        }
    }

    private static string NameOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unnamed";
        }
    }
}
