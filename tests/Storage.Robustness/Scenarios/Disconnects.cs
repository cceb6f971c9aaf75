using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Cuts the connections of writers and watchers at random moments: while they are made, after any number of bytes, after any
/// time, some after hanging. The count is of connections that clients had made and lost; those cut earlier come on top.
/// </summary>
internal sealed class Disconnects : IScenario
{
    private const int WritesPerDisconnect = 100;

    private static readonly CuttingPlan Plan = new()
    {
        Unharmed = 0,
        ByBytes = 0.4,
        MaxLife = TimeSpan.FromMilliseconds(700),
        Stalls = 0.2,
        MaxStall = TimeSpan.FromMilliseconds(400),
    };

    public string Name => "disconnects";

    public string Counts => "forced disconnects";

    public int DefaultCount => 10_000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(options, previousValues: true);
        await using var proxy = new CuttingProxy(site.Server.Port, random.Next(), Plan) { IsHarmful = false };
        ClientFactory clients = site.Clients(proxy.Port);
        var disconnects = new Milestone();
        await using Storm storm = await Storm.BeginAsync(site, clients, random.Next());
        clients.Lost = () =>
        {
            disconnects.Add(1);
            storm.Allow(WritesPerDisconnect);
        };
        using (new ProgressLine(
            options.Output,
            () => $"{disconnects.Value:n0} of {options.Count:n0} disconnects, {storm.Log.AcknowledgedCount.Value:n0} writes acknowledged, {storm.Told:n0} events and marks told"))
        {
            // The connections that there are have been spared so far: they end first.
            proxy.IsHarmful = true;
            proxy.CutAll();
            await disconnects.ReachedAsync(options.Count);
            proxy.IsHarmful = false;
            options.Output.WriteLine(
                $"{clients.LostCount:n0} connections of clients were cut, {Math.Max(0, proxy.Cuts - clients.LostCount):n0} more while they were being made");
            return await storm.EndAsync();
        }
    }
}
