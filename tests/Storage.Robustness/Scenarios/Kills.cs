using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Kills the server with SIGKILL at random moments under load, after any number of writes or any time, and starts it again in
/// the same directory. One in ten times it is killed once more while it starts; those kills come on top of the count.
/// </summary>
internal sealed class Kills : IScenario
{
    private const int WritesPerKill = 1200;
    private const int MostWritesBeforeKill = 900;
    private const int MostMillisecondsBeforeKill = 250;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Name => "kills";

    public string Counts => "kills of the server";

    public int DefaultCount => 1000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(options, previousValues: true);
        await using Storm storm = await Storm.BeginAsync(site, site.Clients(), random.Next());
        int underLoad = 0;
        using (new ProgressLine(
            options.Output,
            () => $"{underLoad:n0} of {options.Count:n0} kills, {storm.Log.AcknowledgedCount.Value:n0} writes acknowledged, {storm.Told:n0} events and marks told"))
        {
            for (; underLoad < options.Count; underLoad++)
            {
                await UntilMomentAsync(storm, random);
                await site.Server.KillAsync();
                if (random.Next(10) == 0)
                {
                    site.Server.Begin();
                    await Task.Delay(random.Next(400));
                    await site.Server.KillAsync();
                }

                await site.Server.StartAsync();
            }

            options.Output.WriteLine($"{underLoad:n0} kills under load, {site.Server.Kills - underLoad:n0} more while the server started");
            return await storm.EndAsync();
        }
    }

    /// <summary>Waits for a write of the server that runs now, so that there is load, and then for a random moment.</summary>
    private static async Task UntilMomentAsync(Storm storm, Random random)
    {
        storm.Allow(WritesPerKill);
        long before = storm.Log.AcknowledgedCount.Value;
        await storm.Log.AcknowledgedCount.ReachedAsync(before + 1).WaitAsync(Patience);
        await (random.Next(2) == 0
            ? storm.Log.AcknowledgedCount.ReachedAsync(before + random.Next(MostWritesBeforeKill)).WaitAsync(Patience)
            : Task.Delay(random.Next(MostMillisecondsBeforeKill)));
    }
}
