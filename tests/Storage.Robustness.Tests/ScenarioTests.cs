using System.Globalization;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Planted;
using WsStorage.Robustness.Scenarios;

namespace WsStorage.Robustness.Tests;

/// <summary>
/// The scenarios in their short forms, and with bugs planted in the server's process. A failure names its seed: set
/// WSSTORAGE_ROBUSTNESS_SEED to it to repeat the run as far as chance allows.
/// </summary>
[Category("Robustness")]
[NonParallelizable]
public class ScenarioTests
{
    private const int LongestFactor = 8;

    [Test]
    public Task Disconnects_break_no_guarantee() => AssertAllHoldAsync(new Disconnects(), 60);

    [Test]
    public Task Kills_break_no_guarantee() => AssertAllHoldAsync(new Kills(), 5);

    [Test]
    public Task Counters_add_up() => AssertAllHoldAsync(new Counters(), 2000);

    [Test]
    public Task A_slow_watcher_costs_the_server_little_and_misses_nothing() =>
        AssertAllHoldAsync(new SlowWatcher(), 32, but: SlowWatcher.NobodyElseNotices);

    [Test]
    public Task A_hundred_clients_come_back_at_once() => AssertAllHoldAsync(new Thundering(), 100);

    [Test]
    public Task A_replica_and_its_source_are_killed_and_it_is_the_source_each_time() => AssertAllHoldAsync(new ReplicaKills(), 7);

    [Test]
    public Task A_bootstrap_is_interrupted_twenty_times() => AssertAllHoldAsync(new Bootstrap(), 100_000);

    [Test]
    public Task A_chain_of_relays_is_cut_everywhere() => AssertAllHoldAsync(new RelayChain(), 60);

    [Test]
    public Task Damaged_rows_of_a_replica_are_found_and_mended() => AssertAllHoldAsync(new Damage(), 6);

    [Test]
    public Task A_replica_that_loses_a_row_is_found() => AssertIsBrokenAsync(new ReplicaKills(), 1, "DroppedRow", "TheReplicaIsTheSource");

    [Test]
    public Task A_near_cache_is_never_older_than_it_may_be() => AssertAllHoldAsync(new NearCache(), 60_000);

    [Test]
    public Task An_outbox_delivers_each_record_once_and_in_order() => AssertAllHoldAsync(new OutboxDelivery(), 5000, kills: 4);

    [Test]
    public Task An_outbox_without_a_marker_is_found() =>
        AssertIsBrokenAsync(new OutboxDelivery(), 3000, "UnguardedDelivery", "NothingIsDeliveredTwice", kills: 4);

    [TestCase("EarlyAcknowledgement", nameof(NothingAcknowledgedIsLost))]
    [TestCase("RecordApart", nameof(NothingIsAppliedTwice))]
    [TestCase("ResumeTooFar", nameof(Reliable))]
    public Task A_bug_in_the_server_is_found_by_kills(string bug, string guarantee) => AssertIsBrokenAsync(new Kills(), 3, bug, guarantee);

    [TestCase("ResumeTooFar", nameof(Reliable))]
    [TestCase("DuplicateEvent", nameof(Unique))]
    [TestCase("SkippedRevision", nameof(Reliable))]
    public Task A_bug_is_found_by_disconnects(string bug, string guarantee) => AssertIsBrokenAsync(new Disconnects(), 30, bug, guarantee);

    [Test]
    public Task A_record_apart_from_its_effect_is_found_by_the_counters() =>
        AssertIsBrokenAsync(new Counters(), 2000, "RecordApart", "TheCountersAddUp");

    [Test]
    public Task A_server_that_hoards_for_a_slow_watcher_is_found() =>
        AssertIsBrokenAsync(new SlowWatcher(), 16, "HoardingWatch", SlowWatcher.TheServerHoldsLittle);

    [TestCase("UnmarkedFill")]
    [TestCase("SkippedRevision")]
    public Task A_cache_that_keeps_what_has_changed_is_found(string bug) =>
        AssertIsBrokenAsync(new NearCache(), 30_000, bug, CacheAudit.NeverOlderThanSeen);

    private static async Task AssertAllHoldAsync(IScenario scenario, int count, string? but = null, int? kills = null)
    {
        ScenarioOptions options = Options(count) with { Kills = kills };
        IReadOnlyList<Verdict> verdicts = await scenario.RunAsync(options);
        Report(verdicts);
        IEnumerable<Verdict> broken = verdicts.Where(verdict => !verdict.Held && !string.Equals(verdict.Guarantee, but, StringComparison.Ordinal));
        Assert.That(broken, Is.Empty, $"seed {options.Seed}");
    }

    /// <summary>
    /// A planted bug shows only when chance brings about what it breaks, and a quick machine gives chance less time: a run that
    /// did not meet it is followed by longer ones.
    /// </summary>
    private static async Task AssertIsBrokenAsync(IScenario scenario, int count, string bug, string guarantee, int? kills = null)
    {
        for (int factor = 1; factor <= LongestFactor; factor *= 2)
        {
            ScenarioOptions options = Options(count * factor) with { Plant = Enum.Parse<PlantedBug>(bug), Kills = kills * factor };
            IReadOnlyList<Verdict> verdicts = await scenario.RunAsync(options);
            Report(verdicts);
            if (verdicts.Any(verdict => string.Equals(verdict.Guarantee, guarantee, StringComparison.Ordinal) && !verdict.Held))
            {
                return;
            }
        }

        Assert.Fail($"{guarantee} held in spite of {bug}, in runs up to {LongestFactor} times as long as the first.");
    }

    private static ScenarioOptions Options(int count)
    {
        string? wanted = Environment.GetEnvironmentVariable("WSSTORAGE_ROBUSTNESS_SEED");
        int seed = wanted is null ? Random.Shared.Next(1_000_000) : int.Parse(wanted, CultureInfo.InvariantCulture);
        TestContext.Out.WriteLine($"seed {seed}");
        return new ScenarioOptions(count, seed) { Output = TestContext.Out };
    }

    private static void Report(IEnumerable<Verdict> verdicts)
    {
        foreach (Verdict verdict in verdicts)
        {
            TestContext.Out.WriteLine(verdict);
        }
    }
}
