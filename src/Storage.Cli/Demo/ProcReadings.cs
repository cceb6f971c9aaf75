using System.Globalization;

namespace WsStorage.Cli.Demo;

/// <summary>Readings from <c>/proc</c>.</summary>
/// <remarks>Source: proc(5).</remarks>
internal sealed class ProcReadings : IReadings
{
    private const int MaxDevices = 4;
    private const double SectorBytes = 512;

    private static readonly char[] Blanks = [' ', '\t', ':'];

    private double _busy;
    private double _total;

    public string Origin => "/proc";

    public IReadOnlyList<Reading> Read() => [Cpu(), Memory(), .. Disks(), .. Networks()];

    private Reading Cpu()
    {
        // cpu  user nice system idle iowait irq softirq steal ...: in hundredths of a second since the start.
        double[] ticks = [.. Fields(File.ReadLines("/proc/stat").First()).Skip(1).Take(8).Select(Number)];
        double total = ticks.Sum();
        double busy = total - ticks[3] - ticks[4];
        double share = total > _total ? 100 * (busy - _busy) / (total - _total) : 0;
        (_busy, _total) = (busy, total);
        return new Reading("cpu", [new("busyPercent", Math.Round(share, 1)), new("userTicks", ticks[0]), new("systemTicks", ticks[2]), new("idleTicks", ticks[3])]);
    }

    private static Reading Memory()
    {
        var kibibytes = File.ReadLines("/proc/meminfo").Select(Fields).ToDictionary(fields => fields[0], fields => Number(fields[1]), StringComparer.Ordinal);
        double total = kibibytes["MemTotal"] * 1024;
        double available = kibibytes.GetValueOrDefault("MemAvailable", kibibytes["MemFree"]) * 1024;
        return new Reading("memory", [new("totalBytes", total), new("availableBytes", available), new("usedPercent", Math.Round(100 * (total - available) / total, 1))]);
    }

    // major minor name reads merged sectorsRead ms writes merged sectorsWritten ...
    private static IEnumerable<Reading> Disks() => ReadDevices("/proc/diskstats")
        .Where(fields => fields.Length > 9 && fields[2] is var name && !name.StartsWith("loop", StringComparison.Ordinal) && !name.StartsWith("ram", StringComparison.Ordinal))
        .Take(MaxDevices)
        .Select(fields => new Reading($"disk/{fields[2]}", [new("readBytes", Number(fields[5]) * SectorBytes), new("writtenBytes", Number(fields[9]) * SectorBytes)]));

    // Two lines of headings, then name: receivedBytes packets errs drop fifo frame compressed multicast sentBytes ...
    private static IEnumerable<Reading> Networks() => ReadDevices("/proc/net/dev")
        .Skip(2)
        .Where(fields => fields.Length > 9)
        .Take(MaxDevices)
        .Select(fields => new Reading($"network/{fields[0]}", [new("receivedBytes", Number(fields[1])), new("sentBytes", Number(fields[9]))]));

    private static IEnumerable<string[]> ReadDevices(string path)
    {
        try
        {
            return File.ReadAllLines(path).Select(Fields);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Containers may hide devices; what is left is shown.
            return [];
        }
    }

    private static string[] Fields(string line) => line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);

    private static double Number(string text) => double.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
