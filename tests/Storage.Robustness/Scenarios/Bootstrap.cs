using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Replicas;
using WsStorage.Transport.Tls;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// A replica gets a large store while its source takes writes, by rows and by files: once without an interruption, which tells
/// how long it takes, and once with twenty, which are kills of the replica, kills of the source, and cuts of the link.
/// </summary>
internal sealed class Bootstrap : IScenario
{
    private const int ValueBytes = 100;
    private const int Interruptions = 20;

    /// <summary>What either side may have in memory, beside what RocksDB was told to use for itself.</summary>
    private const double MostMebibytes = 512;

    public string Name => "bootstrap";

    public string Counts => "keys to begin with";

    public int DefaultCount => 10_000_000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        var random = new Random(options.Seed);
        await using Site site = await Site.CreateAsync(
            options, commitLogBytes: 256 << 20, prepare: store => Preload.FillAsync(store, options.Count, ValueBytes));
        var verdicts = new List<Verdict>();
        foreach (string by in new[] { "Rows", "Files" })
        {
            BootstrapFigures undisturbed = await RunAsync(site, options, by, random, [], verdicts);
            TimeSpan wire = await TlsCopy.MeasureAsync(new CertificateSet(site.Certificates), undisturbed.Bytes);
            options.Output.WriteLine(
                $"{by}: {undisturbed}; the same {undisturbed.Bytes / (1024.0 * 1024):n0} MiB over the same TLS and nothing else {wire.TotalSeconds:n1} s");
            BootstrapFigures figures = await RunAsync(site, options, by, random, Moments(undisturbed.Elapsed, random), verdicts);
            options.Output.WriteLine($"{by}, {Interruptions} interruptions: {figures}");
            verdicts.Add(CheckMemory(by, undisturbed, figures));
        }

        return verdicts;
    }

    private static async Task<BootstrapFigures> RunAsync(
        Site site, ScenarioOptions options, string by, Random random, TimeSpan[] moments, List<Verdict> verdicts)
    {
        await using var run = new BootstrapRun(site, options, by, random);
        return await run.RunAsync(moments, verdicts);
    }

    /// <summary>How long after each interruption the next one comes: together about as long as it takes without any.</summary>
    private static TimeSpan[] Moments(TimeSpan elapsed, Random random) =>
        [.. Enumerable.Range(0, Interruptions).Select(_ => elapsed * (2 * random.NextDouble() / Interruptions))];

    private static Verdict CheckMemory(string by, params BootstrapFigures[] runs)
    {
        double replica = runs.Max(r => r.ReplicaPeakMebibytes);
        double source = runs.Max(r => r.SourcePeakMebibytes);
        return new Verdict(
            "MemoryIsBounded",
            $"{by}: at most {replica:n0} MiB in the replica's process, {source:n0} MiB in the source's, all included, of {MostMebibytes} MiB allowed beyond RocksDB's caches",
            replica <= MostMebibytes && source <= MostMebibytes ? null : "it takes more");
    }
}
