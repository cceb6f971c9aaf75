using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using WsStorage.Cli.Processes;
using WsStorage.RocksDb;

namespace WsStorage.Benchmarks.Reporting;

/// <summary>Where a run took place.</summary>
/// <param name="Processor">The processor's model.</param>
/// <param name="Cores">How many of its cores the run could use.</param>
/// <param name="MemoryBytes">The memory.</param>
/// <param name="System">The operating system.</param>
/// <param name="Kernel">Its kernel's version.</param>
/// <param name="Runtime">The version of .NET.</param>
/// <param name="RocksDb">The file of librocksdb, whose name tells the version; none when there is none.</param>
/// <param name="Redis">The version of redis-server; none when it is not installed.</param>
internal sealed partial record Machine(
    string Processor, int Cores, long MemoryBytes, string System, string Kernel, string Runtime, string? RocksDb, string? Redis)
{
    public static Machine Read() => new(
        ReadProcessor(),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        Environment.OSVersion.Version.ToString(),
        RuntimeInformation.FrameworkDescription,
        FindRocksDb(),
        FindRedis());

    private static string ReadProcessor()
    {
        const string Place = "/proc/cpuinfo";
        Match model = ProcessorModel().Match(File.Exists(Place) ? File.ReadAllText(Place) : "");
        return model.Success ? model.Groups["model"].Value : RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary>Looks at which library a store is served with: the library itself does not tell its version.</summary>
    private static string? FindRocksDb()
    {
        using var directory = new TemporaryDirectory();
        try
        {
            RocksDbStorage.Open(directory.Of("data")).DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.LibraryMissing)
        {
            return null;
        }

        using Process self = Process.GetCurrentProcess();
        return self.Modules.Cast<ProcessModule>()
            .Select(module => Path.GetFileName(module.FileName))
            .FirstOrDefault(name => name.Contains("librocksdb", StringComparison.Ordinal));
    }

    private static string? FindRedis()
    {
        try
        {
            var start = new ProcessStartInfo("redis-server", "--version") { RedirectStandardOutput = true, UseShellExecute = false };
            using Process redis = Process.Start(start)!;
            Match version = RedisVersion().Match(redis.StandardOutput.ReadToEnd());
            redis.WaitForExit();
            return version.Success ? version.Groups["version"].Value : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^model name\s*:\s*(?<model>.+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 10_000)]
    private static partial Regex ProcessorModel();

    [GeneratedRegex(@"\bv=(?<version>[0-9.]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex RedisVersion();
}
