using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>Looks for librocksdb in the places of one process and loads the first that loads.</summary>
/// <param name="explicitFile">The file that the user names, tried alone.</param>
/// <param name="packageDirectories">Where a package's libraries lie.</param>
/// <param name="systemDirectories">Where the system's libraries lie; null to leave the system out.</param>
/// <param name="fetchedDirectories">Where the build's fetched copy lies.</param>
internal sealed class LibrarySearch(
    string? explicitFile, string[] packageDirectories, string[]? systemDirectories, string[] fetchedDirectories)
{
    /// <summary>The environment variable that names the library's file.</summary>
    public const string Variable = "ROCKSDB_LIBRARY";

    private static string FileName =>
        OperatingSystem.IsWindows() ? "rocksdb.dll" : OperatingSystem.IsMacOS() ? "librocksdb.dylib" : "librocksdb.so";

    /// <summary>The search for the running process.</summary>
    public static LibrarySearch ForThisProcess()
    {
        string? file = Environment.GetEnvironmentVariable(Variable);
        string[] rids = LibraryPlaces.RuntimeIdentifiers();
        return new(
            string.IsNullOrEmpty(file) ? null : file,
            LibraryPlaces.PackageDirectories(rids),
            LibraryPlaces.SystemDirectories(),
            [.. rids.Select(rid => Path.Combine(AppContext.BaseDirectory, "native", rid))]);
    }

    /// <summary>Loads the library.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LibraryMissing"/>.</exception>
    public LoadedLibrary Load()
    {
        if (explicitFile is not null)
        {
            return LoadExplicit(explicitFile);
        }

        foreach (string file in packageDirectories.SelectMany(LibraryFiles))
        {
            if (NativeLibrary.TryLoad(file, out nint handle))
            {
                return new(handle, file);
            }
        }

        if (systemDirectories is not null)
        {
            // The loader's own search comes first: it knows LD_LIBRARY_PATH and the linker's cache.
            if (NativeLibrary.TryLoad(FileName, out nint handle))
            {
                return new(handle, FileName);
            }

            foreach (string file in systemDirectories.SelectMany(LibraryFiles))
            {
                if (NativeLibrary.TryLoad(file, out handle))
                {
                    return new(handle, file);
                }
            }
        }

        foreach (string directory in fetchedDirectories)
        {
            if (LoadFetched(directory) is { } fetched)
            {
                return fetched;
            }
        }

        throw MissingLibrary.ToException();
    }

    private static LoadedLibrary LoadExplicit(string file)
    {
        try
        {
            return new(NativeLibrary.Load(Path.GetFullPath(file)), file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The runtime's message ends with what the system's loader said; before that it gives general advice.
            string reason = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1];
            throw new StorageException(
                StorageErrorCode.LibraryMissing,
                $"{Variable} names {file}, which cannot be loaded ({reason}): set it to a librocksdb for this system, or unset it.",
                WriteOutcome.NotApplied,
                e);
        }
    }

    /// <summary>
    /// Loads a fetched library after those beside it. The loader does not look beside a library for what that needs, but it
    /// takes what is in memory already under the same name.
    /// </summary>
    private static LoadedLibrary? LoadFetched(string directory)
    {
        string[] files = LibraryFiles(directory);
        if (files.Length == 0)
        {
            return null;
        }

        var waiting = Directory.GetFiles(directory, "*.so*").Except(files, StringComparer.Ordinal).ToList();
        int before;
        do
        {
            // Those that need others of the same folder load once the others have.
            before = waiting.Count;
            waiting.RemoveAll(file => NativeLibrary.TryLoad(file, out _));
        }
        while (waiting.Count > 0 && waiting.Count < before);

        foreach (string file in files)
        {
            if (NativeLibrary.TryLoad(file, out nint handle))
            {
                return new(handle, file);
            }
        }

        return null;
    }

    /// <summary>The files in a directory that are librocksdb: the plain name first, then the highest version.</summary>
    private static string[] LibraryFiles(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }

        string plain = Path.Combine(directory, FileName);
        IEnumerable<string> versioned = Directory.EnumerateFiles(directory, FileName + ".*")
            .OrderByDescending(LibraryPlaces.VersionOf)
            .ThenBy(file => file, StringComparer.Ordinal);
        return [.. versioned.Prepend(plain).Where(File.Exists)];
    }
}
