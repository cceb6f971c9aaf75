using System.Globalization;

namespace WsStorage.Robustness.Processes;

/// <summary>The most that a process has had in memory, as the system counts it.</summary>
internal static class ProcessMemory
{
    /// <summary>What a process is asked by.</summary>
    public const string Peak = "peak";

    /// <summary>Reads it, in bytes, of this process.</summary>
    public static string Measure()
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        long kibibytes = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return (kibibytes * 1024).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads what a process said.</summary>
    public static long Parse(string line) => long.Parse(line, CultureInfo.InvariantCulture);
}
