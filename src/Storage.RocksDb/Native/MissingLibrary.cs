namespace WsStorage.RocksDb.Native;

/// <summary>Says what to install on this system when librocksdb is missing.</summary>
internal static class MissingLibrary
{
    private const string OsRelease = "/etc/os-release";

    /// <summary>The exception for this system.</summary>
    public static StorageException ToException()
    {
        string system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : "linux";
        string release = File.Exists(OsRelease) ? File.ReadAllText(OsRelease) : "";
        return new StorageException(StorageErrorCode.LibraryMissing, Describe(system, release));
    }

    /// <summary>One sentence: what is missing, and what to do about it.</summary>
    /// <param name="system">windows, macos or linux.</param>
    /// <param name="osRelease">The text of os-release(5), or nothing.</param>
    public static string Describe(string system, string osRelease) =>
        $"librocksdb was not found: {Remedy(system, osRelease)}, or set {LibrarySearch.Variable} to the library's file.";

    private static string Remedy(string system, string osRelease)
    {
        if (system is "macos")
        {
            return "install it with 'brew install rocksdb'";
        }

        if (system is "windows")
        {
            return "put rocksdb.dll beside the program";
        }

        string[] names = [Field(osRelease, "ID"), .. Field(osRelease, "ID_LIKE").Split(' ')];
        foreach (string name in names)
        {
            string? remedy = (name, Field(osRelease, "VERSION_ID")) switch
            {
                ("debian", "12") => "install it with 'sudo apt-get install librocksdb7.8'",
                ("debian", "13") => "install it with 'sudo apt-get install librocksdb9.10'",
                ("ubuntu", "22.04") => "install it with 'sudo apt-get install librocksdb6.11'",
                ("ubuntu", "24.04") => "install it with 'sudo apt-get install librocksdb8.9'",
                ("debian" or "ubuntu", _) => "install it with 'sudo apt-get install librocksdb-dev'",
                ("fedora" or "rhel" or "centos", _) => "install it with 'sudo dnf install rocksdb'",
                ("alpine", _) => "install it with 'apk add rocksdb'",
                ("arch", _) => "install it with 'sudo pacman -S rocksdb'",
                ("suse" or "opensuse", _) => "install it with 'sudo zypper install librocksdb'",
                _ => null,
            };
            if (remedy is not null)
            {
                return remedy;
            }
        }

        return "install your distribution's package of RocksDB";
    }

    private static string Field(string osRelease, string name)
    {
        foreach (string line in osRelease.Split('\n'))
        {
            if (line.StartsWith(name + "=", StringComparison.Ordinal))
            {
                return line[(name.Length + 1)..].Trim().Trim('"', '\'');
            }
        }

        return "";
    }
}
