using System.Net.NetworkInformation;

namespace WsStorage.Cli.Demo;

/// <summary>Readings from what .NET tells on every system.</summary>
internal sealed class RuntimeReadings : IReadings
{
    private const int MaxDevices = 4;

    public string Origin => "the .NET runtime (there is no /proc on this system)";

    public IReadOnlyList<Reading> Read()
    {
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        Environment.ProcessCpuUsage cpu = Environment.CpuUsage;
        return
        [
            new Reading("cpu", [new("processUserMilliseconds", cpu.UserTime.TotalMilliseconds), new("processSystemMilliseconds", cpu.PrivilegedTime.TotalMilliseconds)]),
            new Reading("memory", [new("totalBytes", memory.TotalAvailableMemoryBytes), new("processBytes", Environment.WorkingSet)]),
            .. DriveInfo.GetDrives().Where(drive => drive.IsReady).Take(MaxDevices).Select(
                drive => new Reading($"disk/{drive.Name.Trim('/', '\\', ':')}", [new("totalBytes", drive.TotalSize), new("freeBytes", drive.AvailableFreeSpace)])),
            .. NetworkInterface.GetAllNetworkInterfaces().Take(MaxDevices).Select(Network),
        ];
    }

    private static Reading Network(NetworkInterface network)
    {
        IPInterfaceStatistics statistics = network.GetIPStatistics();
        return new Reading($"network/{network.Name}", [new("receivedBytes", statistics.BytesReceived), new("sentBytes", statistics.BytesSent)]);
    }
}
