using System.Diagnostics;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cache;
using WsStorage.Cli.Bench;
using WsStorage.Core;

namespace WsStorage.Benchmarks.Load;

/// <summary>What a hit costs.</summary>
/// <param name="Nanoseconds">Its time, the check of the value included.</param>
/// <param name="AllocatedBytes">What it allocates beside the value.</param>
internal sealed record CacheHits(double Nanoseconds, double AllocatedBytes);

/// <summary>Hits of a near cache, on one thread.</summary>
internal static class CacheLoad
{
    private const int Keys = 1000;
    private const int Hits = 1_000_000;

    /// <exception cref="WrongValueException">A hit was none, or gave something else than was written.</exception>
    public static async Task<CacheHits> MeasureAsync(RunOptions options, CancellationToken cancellationToken)
    {
        byte[] value = new byte[options.ValueBytes];
        byte[][] keys = [.. Enumerable.Range(0, Keys).Select(_ => new byte[BenchData.KeyBytes])];
        await using var source = new InMemoryStorage();
        for (uint i = 0; i < Keys; i++)
        {
            BenchData.WriteKey(keys[i], i);
            BenchData.WriteValue(value, i, nonce: i);
            await source.PutAsync(keys[i], value, cancellationToken);
        }

        await using var cache = new CachedStorage(source);
        while (cache.Statistics.Hits < Keys)
        {
            // Until the cache watches its source, reads go there.
            cancellationToken.ThrowIfCancellationRequested();
            foreach (byte[] key in keys)
            {
                await cache.GetAsync(key, cancellationToken);
            }

            await Task.Yield();
        }

        long misses = cache.Statistics.Misses;
        long start = Stopwatch.GetTimestamp();
        long allocated = Read(cache, keys, options.ValueBytes);
        double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Hits;
        return cache.Statistics.Misses == misses
            ? new CacheHits(nanoseconds, (allocated - AllocateValues(value)) / (double)Hits)
            : throw new WrongValueException("A read of what was in the cache was no hit.");
    }

    private static long Read(CachedStorage cache, byte[][] keys, int valueBytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Hits; i++)
        {
            ValueTask<GetResult> read = cache.GetAsync(keys[i % Keys]);
            if (!read.IsCompletedSuccessfully || !BenchData.IsValid(read.Result.Value, valueBytes, (uint)(i % Keys)))
            {
                throw new WrongValueException("A hit of the cache is not what was written.");
            }
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static long AllocateValues(ReadOnlySpan<byte> value)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Hits; i++)
        {
            GC.KeepAlive(value.ToArray());
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
