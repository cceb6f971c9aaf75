using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Processes;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// A watcher stops reading while many changes pass. The same load runs three times, each on a server of its own: without the
/// watcher, with one whose program asks for nothing more, and with one whose link hangs. What the server holds for it is the
/// difference between the servers' memory at equal places of the load; what the others notice is the difference between their
/// latencies. Afterwards the watcher goes on, and must be told everything.
/// </summary>
internal sealed class SlowWatcher : IScenario
{
    /// <summary>The guarantee of the server's memory.</summary>
    public const string TheServerHoldsLittle = "TheServerHoldsLittleForASlowWatcher";

    /// <summary>The guarantee of the others' latency: a comparison of two runs, so only for a machine that does nothing else.</summary>
    public const string NobodyElseNotices = "NobodyElseNotices";

    /// <summary>What a server may hold for a watcher that does not read.</summary>
    private const double MostMebibytes = 8;

    /// <summary>How much slower the others may be, at the median, before it is called noticing; and what is noise anyhow.</summary>
    private const double MostSlowdown = 1.5;
    private const double NoiseMilliseconds = 1;

    public string Name => "slow-watcher";

    public string Counts => "MiB of changes";

    public int DefaultCount => 1024;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        SlowWatcherRun twin = await SlowWatcherRun.RunAsync(options, Slowness.None);
        SlowWatcherRun stopped = await SlowWatcherRun.RunAsync(options, Slowness.StopsAsking);
        SlowWatcherRun hanging = await SlowWatcherRun.RunAsync(options, Slowness.LinkHangs);
        return [.. Compare("a watcher that stops asking", twin, stopped), .. Compare("a watcher whose link hangs", twin, hanging)];
    }

    private static IEnumerable<Verdict> Compare(string what, SlowWatcherRun twin, SlowWatcherRun slow)
    {
        double heap = twin.Memory.Zip(slow.Memory, (without, with) => Mebibytes(with, without)).Max();
        yield return new Verdict(
            TheServerHoldsLittle,
            $"{what}: at most {heap:f1} MiB more managed memory than without it, of {MostMebibytes} MiB allowed, at {twin.Memory.Count} places",
            heap <= MostMebibytes ? null : "it holds more");
        yield return new Verdict(
            NobodyElseNotices,
            $"{what}: puts {Compare(twin.Probe.Writes, slow.Probe.Writes)}; events of a neighbour {Compare(twin.Probe.Events, slow.Probe.Events)}",
            IsSlower(twin.Probe.Writes, slow.Probe.Writes) ? "puts are slower"
                : IsSlower(twin.Probe.Events, slow.Probe.Events) ? "events of a neighbour come later"
                : null);
        foreach (Verdict verdict in slow.Verdicts)
        {
            yield return verdict with { Checked = $"{what}: {verdict.Checked}" };
        }
    }

    private static double Mebibytes(ServerMemory with, ServerMemory without) => (with.HeapBytes - without.HeapBytes) / (1024.0 * 1024);

    private static string Compare(Latencies without, Latencies with) =>
        $"{with}, without it {without}, ratio {with.Percentile(0.5) / without.Percentile(0.5):f2} and {with.Percentile(0.99) / without.Percentile(0.99):f2}";

    private static bool IsSlower(Latencies without, Latencies with) =>
        with.Percentile(0.5) > (without.Percentile(0.5) * MostSlowdown) + NoiseMilliseconds;
}
