using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cache;
using WsStorage.Cli.Bench;
using WsStorage.Core;

namespace WsStorage.Benchmarks.Gate;

/// <summary>What operations allocate on the managed heap.</summary>
/// <param name="host">The server.</param>
/// <param name="client">A connection to it.</param>
/// <param name="options">How many keys there are, and how long their values.</param>
internal sealed class AllocationLoad(HostProcess host, IStorage client, RunOptions options)
{
    // So many that what it takes to ask the host for its readings does not count.
    private const int Gets = 50_000;
    private const int Hits = 10_000;
    private const int Depth = 256;

    /// <summary>Measures gets of the server.</summary>
    /// <returns>Bytes for each get.</returns>
    public async Task<Sample> MeasureServerGetAsync(CancellationToken cancellationToken)
    {
        HostReadings before = await host.ReadAsync(cancellationToken);
        using var run = new LoadRun(CreatePlan(), Workload.Get, Depth);
        BenchResult result = await run.RunAsync([client], cancellationToken);
        HostReadings after = await host.ReadAsync(cancellationToken);
        return result.Mismatches == 0
            ? new Sample((after.AllocatedBytes - before.AllocatedBytes) / (double)Gets)
            : throw new WrongValueException($"{result.Mismatches:N0} values that were read are not what was written.");
    }

    /// <summary>Measures hits of a near cache.</summary>
    /// <returns>Bytes for each hit, without the value.</returns>
    public async Task<Sample> MeasureCacheHitAsync(CancellationToken cancellationToken)
    {
        byte[] key = new byte[BenchData.KeyBytes];
        byte[] value = new byte[options.ValueBytes];
        BenchData.WriteKey(key, 0);
        BenchData.WriteValue(value, 0, nonce: 1);
        await using var source = new InMemoryStorage();
        await source.PutAsync(key, value, cancellationToken);
        await using var cache = new CachedStorage(source);
        while (cache.Statistics.Hits == 0)
        {
            // Until the cache watches its source, reads go there.
            cancellationToken.ThrowIfCancellationRequested();
            await cache.GetAsync(key, cancellationToken);
            await Task.Yield();
        }

        long misses = cache.Statistics.Misses;
        long allocated = MeasureHits(cache, key) - MeasureValues(value);
        return cache.Statistics.Misses == misses
            ? new Sample(allocated / (double)Hits)
            : throw new WrongValueException("A read of what was in the cache was no hit.");
    }

    private long MeasureHits(CachedStorage cache, byte[] key)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Hits; i++)
        {
            ValueTask<GetResult> read = cache.GetAsync(key);
            if (!read.IsCompletedSuccessfully || !BenchData.IsValid(read.Result.Value, options.ValueBytes, 0))
            {
                throw new WrongValueException("A hit of the cache is not what was written.");
            }
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static long MeasureValues(ReadOnlySpan<byte> value)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Hits; i++)
        {
            GC.KeepAlive(value.ToArray());
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private BenchPlan CreatePlan() => new()
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
}
