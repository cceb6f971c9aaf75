using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>The directories in which a native library may lie on this system.</summary>
internal static class LibraryPlaces
{
    /// <summary>This runtime's own identifier, and the portable one for the same system, which packages use.</summary>
    public static string[] RuntimeIdentifiers()
    {
        string architecture = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            Architecture.X86 => "x86",
            Architecture.Arm => "arm",
            Architecture other => other.ToString(),
        };
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string own = RuntimeInformation.RuntimeIdentifier;
        bool musl = own.Contains("musl", StringComparison.Ordinal) || own.StartsWith("alpine", StringComparison.Ordinal);
        string portable = $"{system}{(musl ? "-musl" : "")}-{architecture}";
        return [.. new[] { own, portable }.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Where packages' native libraries lie: beside a portable program, or beside one published for a system.</summary>
    public static string[] PackageDirectories(string[] runtimeIdentifiers)
    {
        string probed = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return
        [
            .. runtimeIdentifiers.Select(rid => Path.Combine(AppContext.BaseDirectory, "runtimes", rid, "native")),
            AppContext.BaseDirectory,
            .. probed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        ];
    }

    /// <summary>Where the system's libraries lie, beyond what its loader searches by itself for the plain name.</summary>
    public static string[] SystemDirectories()
    {
        if (OperatingSystem.IsWindows())
        {
            return [];
        }

        if (OperatingSystem.IsMacOS())
        {
            return ["/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib"];
        }

        string multiarch = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x86_64-linux-gnu",
            Architecture.Arm64 => "aarch64-linux-gnu",
            Architecture.X86 => "i386-linux-gnu",
            Architecture.Arm => "arm-linux-gnueabihf",
            Architecture other => other.ToString(),
        };
        return ["/usr/local/lib", $"/usr/lib/{multiarch}", $"/lib/{multiarch}", "/usr/lib64", "/lib64", "/usr/lib", "/lib"];
    }

    /// <summary>
    /// The version of a library that is loaded. Its plain name, which development packages bring, is a link to a file whose
    /// name says more.
    /// </summary>
    /// <param name="location">Where it was found, or the name by which the system's loader found it.</param>
    /// <returns>The version; 0.0 when no name tells it.</returns>
    public static Version VersionOfLoaded(string location)
    {
        Version named = VersionOf(location);
        return named.Major > 0 ? named : VersionOf(FindFile(location) ?? location);
    }

    /// <summary>The version in the name of a library's file, such as 7.8 in <c>librocksdb.so.7.8</c>.</summary>
    public static Version VersionOf(string file)
    {
        string name = Path.GetFileName(file);
        int mark = name.IndexOf(".so.", StringComparison.Ordinal);
        string digits = mark < 0 ? "" : name[(mark + 4)..];
        return Version.TryParse(digits.Contains('.', StringComparison.Ordinal) ? digits : digits + ".0", out Version? version)
            ? version
            : new Version(0, 0);
    }

    private static string? FindFile(string location)
    {
        try
        {
            if (Path.IsPathRooted(location))
            {
                return File.ResolveLinkTarget(location, returnFinalTarget: true)?.FullName;
            }

            // Only the system's loader knows where it has found a name; on Linux the process is told by which file is mapped.
            string name = $"/{location}";
            string? mapped = OperatingSystem.IsLinux()
                ? File.ReadLines("/proc/self/maps").FirstOrDefault(line => line.Contains(name, StringComparison.Ordinal))
                : null;
            return mapped?[mapped.IndexOf('/', StringComparison.Ordinal)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The version is for people only.
            return null;
        }
    }
}
