using System.Diagnostics;
using WsStorage.Replica;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Replicas;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Damages one row of a replica at a time, behind its back: flips a bit of a value, takes a row away, or adds one. Each is to be
/// found, by its key, while the source is written to, and mended.
/// </summary>
internal sealed class Damage : IScenario
{
    private const int Keys = 100_000;
    private const int ValueBytes = 100;
    private const int WritesPerSecond = 500;

    public string Name => "damage";

    public string Counts => "damaged rows";

    public int DefaultCount => 300;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(options, prepare: store => Preload.FillAsync(store, Keys, ValueBytes));
        await using var replica = new ReplicaProcess(new FollowOptions
        {
            Directory = site.Combine("replica"),
            Certificates = site.Certificates,
            Source = site.Server.Url,
            Name = "replica",
        });
        await replica.StartAsync();
        await replica.UntilAsync(new Revision(1));
        ClientFactory clients = site.Clients();
        await using TrackedClient reader = clients.Create();

        // The writers leave the last rows alone, so that none of them mends by chance what is to be found.
        await using var load = new SpreadLoad(clients, 1, 8, Keys / 2, random);
        string? wrong = null;
        var verifying = new Stopwatch();
        await using (new SteadyPace(load, WritesPerSecond))
        {
            for (int i = 0; i < options.Count && wrong is null; i++)
            {
                var kind = (DifferenceKind)(i % Enum.GetValues<DifferenceKind>().Length);
                byte[] key = await replica.DamageAsync(kind, SpreadBatches.KeyOf(random.Next((Keys / 2) + 20, Keys - 1)));
                verifying.Start();
                VerifyReport found = await replica.VerifyAsync();
                verifying.Stop();
                VerifyReport mended = await replica.MendAsync();
                VerifyReport afterwards = await replica.VerifyAsync();
                bool isRight = found.Differences == 1 && string.Equals(found.FirstKey, Convert.ToHexString(key), StringComparison.Ordinal) && mended.Mended == 1 && afterwards.Differences == 0;
                wrong = isRight ? null : $"{kind} at {Convert.ToHexString(key)}: found {found.ToLine()}, mended {mended.ToLine()}, afterwards {afterwards.ToLine()}";
            }
        }

        await load.UntilQuietAsync();
        var comparison = new Comparison();
        await comparison.CompareAsync(reader.Storage, replica, "at the end");
        return
        [
            new Verdict(
                "DamageIsFoundAndMended",
                $"{options.Count:n0} rows of {Keys:n0}, each alone, {verifying.Elapsed.TotalMilliseconds / options.Count:n0} ms to find it, {load.Acknowledged.Value:n0} writes meanwhile",
                wrong),
            .. comparison.ToVerdicts("after all was mended"),
        ];
    }
}
