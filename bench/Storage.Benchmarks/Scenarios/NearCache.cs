using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>What is read from a near cache.</summary>
internal sealed class NearCache : IScenario
{
    public string Name => "cache";

    public string Title => "Hits of a near cache.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        var allocated = new List<double>();
        Contest hits = await site.NewContest("ns")
            .Add("near-cache hit", async token =>
            {
                CacheHits measured = await CacheLoad.MeasureAsync(site.Options, token);
                allocated.Add(measured.AllocatedBytes);
                return new Sample(measured.Nanoseconds);
            })
            .RunAsync(cancellationToken);
        Series times = hits["near-cache hit"];
        result.Add(times);
        result.Check(Goals.CacheHit, Ratio.Of(times.Values));
        result.Check(Goals.CacheHitAllocation, Ratio.Of(allocated[Contest.WarmUps..]));
    }
}
