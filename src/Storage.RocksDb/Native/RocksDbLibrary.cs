using System.Reflection;
using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>
/// Finds and loads librocksdb, once for the process: the file that ROCKSDB_LIBRARY names, else one that a package brought
/// (<c>runtimes/&lt;rid&gt;/native</c>), else the system's, else the copy that the build fetched (<c>native/&lt;rid&gt;</c>).
/// </summary>
internal static class RocksDbLibrary
{
    private static readonly Lock Gate = new();
    private static LoadedLibrary? _loaded;

    /// <summary>Where the library was found, or the name by which the system's loader found it.</summary>
    public static string Location => LoadOnce().Location;

    /// <summary>Loads the library unless it is loaded.</summary>
    /// <returns>Its handle.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.LibraryMissing"/>, with what to install.</exception>
    public static nint Load() => LoadOnce().Handle;

    private static LoadedLibrary LoadOnce()
    {
        lock (Gate)
        {
            if (_loaded is null)
            {
                _loaded = LibrarySearch.ForThisProcess().Load();
                NativeLibrary.SetDllImportResolver(typeof(RocksDbLibrary).Assembly, Resolve);
            }

            return _loaded;
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        string.Equals(name, RocksDbApi.Library, StringComparison.Ordinal) ? Load() : 0;
}

/// <summary>A library in memory.</summary>
/// <param name="Handle">Its handle.</param>
/// <param name="Location">Where it was found.</param>
internal sealed record LoadedLibrary(nint Handle, string Location);
