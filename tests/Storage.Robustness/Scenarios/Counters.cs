using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.RocksDb;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Eight clients increment counters by compare and set, many loops in each client, while the link of each is cut every 50 to
/// 500 ms and the server is killed now and then.
/// </summary>
internal sealed class Counters : IScenario
{
    private const int Clients = 8;
    private const int LoopsPerClient = 48;
    private const int CounterCount = 512;
    private const int MostMillisecondsBetweenKills = 8000;

    private static readonly CuttingPlan Plan = new()
    {
        Unharmed = 0,
        ByBytes = 0,
        MinLife = TimeSpan.FromMilliseconds(50),
        MaxLife = TimeSpan.FromMilliseconds(500),
        Stalls = 0.1,
        MaxStall = TimeSpan.FromMilliseconds(200),
    };

    public string Name => "counters";

    public string Counts => "increments";

    public int DefaultCount => 1_000_000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(options);
        await using var proxy = new CuttingProxy(site.Server.Port, random.Next(), Plan);
        ClientFactory factory = site.Clients(proxy.Port);
        TrackedClient[] clients = [.. Enumerable.Range(0, Clients).Select(_ => factory.Create())];
        try
        {
            var board = new CounterBoard(CounterCount, options.Count);
            CounterWorker[] workers =
            [
                .. Enumerable.Range(0, Clients * LoopsPerClient).Select(
                    number => new CounterWorker(clients[number % Clients].Storage, board, number, random.Next())),
            ];
            using (new ProgressLine(
                options.Output,
                () => $"{board.Done.Value:n0} of {options.Count:n0} increments, {factory.LostCount:n0} disconnects, {site.Server.Kills} kills"))
            {
                Task working = Task.WhenAll(workers.Select(worker => Task.Run(worker.RunAsync)));
                await KillNowAndThenAsync(site, board, random, working);
                await working;
            }

            options.Output.WriteLine($"{factory.LostCount:n0} connections of clients were lost, the server was killed {site.Server.Kills:n0} times");
            if (board.Failure is not null)
            {
                options.Output.WriteLine($"a loop met an error: {board.Failure}");
            }

            proxy.IsHarmful = false;
            await using RocksDbStorage store = await site.TakeStoreAsync();
            return await CounterAudit.RunAsync(store, board, workers);
        }
        finally
        {
            foreach (TrackedClient client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    /// <summary>At least once, halfway through a run that is over before the first random moment.</summary>
    private static async Task KillNowAndThenAsync(Site site, CounterBoard board, Random random, Task working)
    {
        while (!working.IsCompleted)
        {
            Task moment = site.Server.Kills == 0
                ? board.Done.ReachedAsync(random.Next(1, 1000))
                : Task.Delay(random.Next(MostMillisecondsBetweenKills));
            await Task.WhenAny(moment, working);
            if (!working.IsCompleted)
            {
                await site.Server.KillAsync();
                await site.Server.StartAsync();
            }
        }
    }
}
