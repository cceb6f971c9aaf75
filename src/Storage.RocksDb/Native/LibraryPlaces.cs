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
    /// The file that a library's name leads to in the end: the plain name of a development package is a link to the file whose name
    /// has the version.
    /// </summary>
    /// <param name="library">A path, or a name that the system's loader found by itself.</param>
    /// <returns>The file, or what was given if there is none.</returns>
    public static string Resolve(string library)
    {
        string? file = Path.IsPathRooted(library)
            ? library
            : SystemDirectories().Select(directory => Path.Combine(directory, library)).FirstOrDefault(File.Exists);
        return file is not null && File.Exists(file)
            ? File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file
            : library;
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
}
