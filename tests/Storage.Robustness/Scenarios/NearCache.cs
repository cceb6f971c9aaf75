using WsStorage.Cache;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Many readers read hot keys through one cache, whose link is cut and hangs again and again, while writers write to the keys,
/// most of them over links of their own, one through the cache.
/// </summary>
internal sealed class NearCache : IScenario
{
    private const int Keys = 256;
    private const int Writers = 6;
    private const int Readers = 32;
    private const int ReadsPerTrouble = 50_000;

    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(1);

    private static readonly CuttingPlan Plan = new()
    {
        Unharmed = 0,
        ByBytes = 0,
        MinLife = TimeSpan.FromMilliseconds(100),
        MaxLife = TimeSpan.FromSeconds(5),
        Stalls = 0.3,
        MaxStall = TimeSpan.FromMilliseconds(500),
    };

    public string Name => "cache";

    public string Counts => "reads through a cache";

    public int DefaultCount => 10_000_000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(options);
        await using var proxy = new CuttingProxy(site.Server.Port, random.Next(), Plan);
        ClientFactory cut = site.Clients(proxy.Port);
        await using TrackedClient cached = cut.Create();
        await using TrackedClient direct = site.Clients().Create();
        await using var cache = new CachedStorage(cut.ForCache(cached.Storage), new CacheOptions { MaxStaleness = MaxStaleness });
        var audit = new CacheAudit(Keys, MaxStaleness);
        var reads = new Milestone();
        PairWriter[] writers =
        [
            .. Enumerable.Range(0, Writers).Select(number => new PairWriter(
                number == 0 ? cache : direct.Storage,
                audit,
                [.. Enumerable.Range(0, Keys / 2).Where(pair => pair % Writers == number).Select(pair => pair * 2)],
                new Random(random.Next()))),
        ];
        CacheReader[] readers =
            [.. Enumerable.Range(0, Readers).Select(_ => new CacheReader(cache, audit, reads, Keys, new Random(random.Next())))];
        using var stop = new CancellationTokenSource();
        Task writing = Task.WhenAll(writers.Select(writer => Task.Run(() => writer.RunAsync(stop.Token))));
        Task reading = Task.WhenAll(readers.Select(reader => Task.Run(() => reader.RunAsync(options.Count))));
        using (new ProgressLine(options.Output, () => $"{Math.Min(reads.Value, options.Count):n0} of {options.Count:n0} reads, {Describe(cache, writers, cut)}"))
        {
            await MakeTroubleAsync(proxy, reads, options.Count, reading);
            await reading;
        }

        proxy.IsHarmful = false;
        proxy.CutAll();
        await stop.CancelAsync();
        await writing;
        options.Output.WriteLine($"{audit.Reads:n0} keys read, {Describe(cache, writers, cut)}");
        return [.. audit.Conclude(), Use(cache)];
    }

    /// <summary>After every so many reads: the link is cut, or hangs for longer than the cache may be stale and is cut then.</summary>
    private static async Task MakeTroubleAsync(CuttingProxy proxy, Milestone reads, long count, Task reading)
    {
        long every = Math.Min(ReadsPerTrouble, count / 4);
        for (long next = every; next < count && !reading.IsCompleted; next += every)
        {
            await Task.WhenAny(reads.ReachedAsync(next), reading);
            if (next / every % 4 == 1)
            {
                proxy.Freeze();
                await Task.Delay(MaxStaleness * 1.5);
                proxy.CutAll();
                proxy.Thaw();
            }
            else
            {
                proxy.CutAll();
            }
        }
    }

    private static string Describe(CachedStorage cache, PairWriter[] writers, ClientFactory cut) =>
        $"{cache.Statistics.HitRate:p1} from the cache, {writers.Sum(writer => writer.Writes):n0} writes, {cut.LostCount:n0} disconnects";

    private static Verdict Use(CachedStorage cache) => new(
        "TheCacheIsUsed",
        $"{cache.Statistics.Hits:n0} hits, {cache.Statistics.Misses:n0} misses, {cache.Statistics.Invalidated:n0} entries dropped for a change",
        cache.Statistics is { HitRate: > 0.2, Invalidated: > 0 } ? null : "hardly anything came from the cache");
}
