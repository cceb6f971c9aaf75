using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Processes;
using WsStorage.RocksDb;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// A producer writes numbered records into an outbox, over a link that is up half of the time, and is killed with SIGKILL at random
/// moments and started again. In the end the server's log must have each record once, in order.
/// </summary>
internal sealed class OutboxDelivery : IScenario
{
    private const int WritesPerKill = 10_000;
    private const int MostDeliveredBeforeKill = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan PatienceWithBug = TimeSpan.FromSeconds(30);

    public string Name => "outbox";

    public string Counts => "writes";

    public int DefaultCount => 1_000_000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        int kills = options.Kills ?? Math.Max(1, options.Count / WritesPerKill);
        await using Site site = await Site.CreateAsync(options);
        await using var link = new FlakyLink(site.Server.Port, random.Next());
        var accepted = new Milestone();
        List<ProducerProcess> producers = [];
        string? failure = null;
        try
        {
            using (new ProgressLine(options.Output, () => $"{accepted.Value:n0} of {options.Count:n0} writes accepted, {producers.Count - 1} kills, {link.Report}"))
            {
                for (int i = 0; i <= kills; i++)
                {
                    var producer = new ProducerProcess(
                        new ProduceOptions
                        {
                            Directory = site.Combine("outbox"),
                            Certificates = site.Certificates,
                            Port = link.Port,
                            Count = options.Count,
                            Incarnation = i,
                            Durability = options.Durability,
                            Plant = options.Plant,
                        },
                        accepted);
                    producers.Add(producer);
                    if (i < kills)
                    {
                        await UntilMomentAsync(producer, accepted, ((long)options.Count * i / kills) + random.Next(Math.Max(1, options.Count / kills)), random);
                        failure ??= producer.Ended.IsCompleted ? producer.Failure : null;
                        await producer.KillAsync();
                    }
                    else
                    {
                        await Task.WhenAny(producer.Ended, UntilStuckAsync(accepted, producer, site.IsPlanted ? PatienceWithBug : Patience));
                        failure ??= producer.Ended.IsCompleted ? producer.Failure : "the last producer got nowhere";
                    }
                }
            }

            options.Output.WriteLine($"{kills:n0} kills of the producer; {link.Report}");
        }
        finally
        {
            foreach (ProducerProcess producer in producers)
            {
                await producer.DisposeAsync();
            }
        }

        await using RocksDbStorage store = await site.TakeStoreAsync();
        return await OutboxAudit.RunAsync(store, producers, options.Count, failure);
    }

    /// <summary>Waits until so much is accepted; and then either for a short time, in which little may be delivered, or until this
    /// process has delivered some of it.</summary>
    private static async Task UntilMomentAsync(ProducerProcess producer, Milestone accepted, long moment, Random random)
    {
        await Task.WhenAny(producer.Ended, accepted.ReachedAsync(moment)).WaitAsync(Patience);
        Task moreDelivered = producer.Delivered.ReachedAsync(Math.Max(producer.Delivered.Value, producer.From - 1) + random.Next(1, MostDeliveredBeforeKill));
        await Task.WhenAny(producer.Ended, random.Next(2) == 0 ? moreDelivered : Task.Delay(random.Next(300))).WaitAsync(Patience);
    }

    /// <summary>Completes when nothing was accepted and nothing ended for some time.</summary>
    private static async Task UntilStuckAsync(Milestone accepted, ProducerProcess producer, TimeSpan patience)
    {
        long before;
        do
        {
            before = accepted.Value;
            await Task.WhenAny(producer.Ended, Task.Delay(patience));
        }
        while (accepted.Value > before && !producer.Ended.IsCompleted);
    }
}
