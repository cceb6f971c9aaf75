using System.Runtime.InteropServices;

namespace WsStorage.Cache;

/// <summary>What a cache has done since it was made, and what it holds now.</summary>
/// <param name="Hits">How many keys were read from the cache.</param>
/// <param name="Misses">How many keys within the cached range were read from the source.</param>
/// <param name="Entries">How many keys it holds, absent ones included.</param>
/// <param name="Bytes">What they cost, by <see cref="CacheOptions.MaxBytes"/>'s reckoning.</param>
/// <param name="Evictions">How many entries had to make room for others.</param>
/// <param name="Invalidated">How many entries were dropped because their keys had changed, or might have.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CacheStatistics(
    long Hits, long Misses, long Entries, long Bytes, long Evictions, long Invalidated)
{
    /// <summary>The share of keys that were read from the cache, from 0 to 1; 0 before the first read.</summary>
    public double HitRate => Hits + Misses == 0 ? 0 : (double)Hits / (Hits + Misses);
}
