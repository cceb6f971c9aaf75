using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>What a get allocates on either side.</summary>
internal sealed class Allocations : IScenario
{
    private const int Keys = 100_000;
    private const string Server = "allocated on the server for a get";

    public string Name => "allocations";

    public string Title => "What a get allocates on the managed heap, 256 outstanding.";

    public async Task RunAsync(Site site, ScenarioResult result, CancellationToken cancellationToken)
    {
        RunOptions options = site.Options with { Keys = Math.Min(Keys, site.Options.Keys) };
        await using HostProcess host = await site.StartHostAsync(new HostOptions(), cancellationToken);
        await using WsStorageClient client = await site.ConnectAsync(host, cancellationToken);
        await StorageLoad.FillAsync(client, options, options.Keys, cancellationToken);
        var own = new List<double>();
        Contest contest = await site.NewContest("bytes")
            .Add(Server, async token =>
            {
                GetAllocations allocated = await AllocationLoad.MeasureAsync(host, client, options, token);
                own.Add(allocated.Client);
                return new Sample(allocated.Server);
            })
            .RunAsync(cancellationToken);
        var onClient = new Series("allocated on the client, beyond the value's array", "bytes", [.. own[Contest.WarmUps..]]);
        result.Add(contest[Server]);
        result.Add(onClient);

        // What is left of a whole byte is the run's own: its tasks, timers, and the question.
        result.Check(Goals.ServerGetAllocation, Whole(contest[Server]));
        result.Check(Goals.ClientGetAllocation, Whole(onClient));
    }

    private static Ratio Whole(Series bytes) => Ratio.Of([.. bytes.Values.Select(value => Math.Floor(Math.Max(0, value)))]);
}
