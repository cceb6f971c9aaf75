using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Planted;

namespace WsStorage.Robustness.Tests;

/// <summary>Each checker of watches is seen to fail by a bug that breaks what it checks, and to hold without one.</summary>
public class WatchCheckerTests
{
    [Test]
    public async Task All_guarantees_hold_without_a_bug()
    {
        IReadOnlyList<Verdict> verdicts = await LocalStorm.RunAsync(PlantedBug.None);
        Assert.That(verdicts.Where(verdict => !verdict.Held), Is.Empty);
        Assert.That(verdicts, Has.Count.EqualTo(11));
    }

    [TestCase("DuplicateEvent", nameof(Unique), "told twice")]
    [TestCase("SkippedRevision", nameof(Reliable), "was not told")]
    [TestCase("SwappedRevisions", nameof(Ordered), "came after")]
    [TestCase("TornBatch", nameof(Atomic), "of its")]
    [TestCase("NoFilter", nameof(Filtered), "outside of the range")]
    [TestCase("EarlyMark", nameof(Bookmarkable), "had been told")]
    [TestCase("NoMarks", nameof(Bookmarkable), "is complete to")]
    [TestCase("ResumeTooFar", nameof(Resumable), "went on with")]
    [TestCase("ResumeTooFar", nameof(Reliable), "was not told")]
    public async Task A_checker_fails_on_its_bug(string bug, string guarantee, string says)
    {
        IReadOnlyList<Verdict> verdicts = await LocalStorm.RunAsync(Enum.Parse<PlantedBug>(bug));
        Verdict verdict = verdicts.Single(each => string.Equals(each.Guarantee, guarantee, StringComparison.Ordinal));
        Assert.That(verdict.Counterexample, Does.Contain(says));
        Assert.That(verdict.ToString(), Does.Contain("BROKEN"));
    }

    [TestCase("DuplicateEvent", nameof(Ordered), nameof(Atomic), nameof(Reliable), nameof(Filtered))]
    [TestCase("SkippedRevision", nameof(Ordered), nameof(Unique), nameof(Atomic), nameof(Filtered))]
    [TestCase("SwappedRevisions", nameof(Unique), nameof(Filtered))]
    [TestCase("TornBatch", nameof(Ordered), nameof(Unique), nameof(Reliable), nameof(Resumable), nameof(Filtered))]
    [TestCase("NoFilter", nameof(Ordered), nameof(Unique), nameof(Reliable))]
    [TestCase("EarlyMark", nameof(Unique), nameof(Atomic), nameof(Reliable), nameof(Filtered))]
    [TestCase("NoMarks", nameof(Ordered), nameof(Unique), nameof(Atomic), nameof(Reliable), nameof(Filtered))]
    public async Task A_checker_holds_on_the_bug_of_another(string bug, params string[] guarantees)
    {
        IReadOnlyList<Verdict> verdicts = await LocalStorm.RunAsync(Enum.Parse<PlantedBug>(bug));
        Assert.That(verdicts.Where(each => guarantees.Contains(each.Guarantee) && !each.Held), Is.Empty);
    }
}
