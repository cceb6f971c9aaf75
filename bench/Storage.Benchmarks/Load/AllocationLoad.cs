using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Load;

/// <summary>What a get allocates on the managed heap, on either side, in bytes.</summary>
/// <param name="Server">In the server's process.</param>
/// <param name="Client">In this process, beyond the array that the value is in.</param>
internal sealed record GetAllocations(double Server, double Client);

/// <summary>Measures allocations.</summary>
internal static class AllocationLoad
{
    // So many that what it takes to begin, and to ask the host for its readings, does not count.
    private const int Gets = 1_200_000;
    private const int Depth = 256;

    /// <exception cref="WrongValueException">A value that was read was not what was written.</exception>
    public static async Task<GetAllocations> MeasureAsync(
        HostProcess host, IStorage client, RunOptions options, CancellationToken cancellationToken)
    {
        var plan = new BenchPlan
        {
            Workloads = [],
            Depths = [],
            Connections = 1,
            Keys = options.Keys,
            ValueBytes = options.ValueBytes,
            MixPercent = 0,
            Duration = TimeSpan.Zero,
            WarmUp = TimeSpan.Zero,
            Operations = Gets,
        };
        HostReadings before = await host.ReadAsync(cancellationToken);
        using var run = new LoadRun(plan, Workload.Get, Depth);
        long ownBefore = GC.GetTotalAllocatedBytes(precise: true);
        BenchResult result = await run.RunAsync([client], cancellationToken);
        long own = GC.GetTotalAllocatedBytes(precise: true) - ownBefore;
        HostReadings after = await host.ReadAsync(cancellationToken);
        return result.Mismatches == 0
            ? new GetAllocations((after.AllocatedBytes - before.AllocatedBytes) / (double)Gets, (own / (double)Gets) - BytesOf(options.ValueBytes))
            : throw new WrongValueException($"{result.Mismatches:N0} values that were read are not what was written.");
    }

    /// <summary>What the array of a value takes.</summary>
    private static double BytesOf(int valueBytes)
    {
        const int count = 1000;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < count; i++)
        {
            GC.KeepAlive(new byte[valueBytes]);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)count;
    }
}
