using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Opening;

/// <summary>Tells the version of librocksdb, for people; its C interface has no function for that.</summary>
internal static class EngineVersion
{
    private const string Name = "rocksdb_version=";

    /// <summary>The engine's name with its version, as far as it is known.</summary>
    /// <param name="directory">An open store's directory.</param>
    /// <param name="readOnly">Whether another program may have written what lies there.</param>
    public static string Describe(string directory, bool readOnly)
    {
        // A database that is opened for writing notes its options, and the version of the library, in a new file. What stands
        // there when it is opened for reading may be another library's: it counts if it only says more than our file's name.
        string? version = ReadNoted(directory);
        Version ofFile = LibraryPlaces.VersionOfLoaded(RocksDbLibrary.Location);
        if (version is null || (readOnly && !Refines(version, ofFile)))
        {
            version = ofFile.Major > 0 ? ofFile.ToString() : null;
        }

        return version is null ? "rocksdb" : $"rocksdb {version}";
    }

    private static bool Refines(string noted, Version ofFile) =>
        Version.TryParse(noted, out Version? version)
        && version.Major == ofFile.Major
        && version.Minor == ofFile.Minor
        && (ofFile.Build < 0 || version.Build == ofFile.Build);

    private static string? ReadNoted(string directory)
    {
        string? newest = Directory.EnumerateFiles(directory, "OPTIONS-*")
            .Where(file => !file.EndsWith(".dbtmp", StringComparison.Ordinal))
            .Max(StringComparer.Ordinal);
        string? line = newest is null
            ? null
            : File.ReadLines(newest).FirstOrDefault(l => l.TrimStart().StartsWith(Name, StringComparison.Ordinal));
        return line?.Trim()[Name.Length..];
    }
}
