using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>Checks a run against all that is promised.</summary>
internal static class AllGuarantees
{
    private static readonly IWatchGuarantee[] OfWatches =
        [new Ordered(), new Unique(), new Atomic(), new Reliable(), new Resumable(), new Bookmarkable(), new Filtered()];

    private static readonly IWriteGuarantee[] OfWrites =
        [new NothingAcknowledgedIsLost(), new NothingIsAppliedTwice(), new EveryWriteIsAnswered(), new TheLogIsTrue()];

    /// <summary>What became of the watchers' guarantees.</summary>
    public static IEnumerable<Verdict> CheckWatches(Truth truth, IReadOnlyList<WatchRecord> records)
    {
        string size = $"{records.Count} {(records.Count == 1 ? "watcher" : "watchers")}, {records.Sum(record => (long)record.Events.Count):n0} events, {records.Sum(record => (long)record.Marks.Count):n0} marks";
        foreach (IWatchGuarantee guarantee in OfWatches)
        {
            string? found = records
                .Select(record => guarantee.FindCounterexample(truth, record) is { } what ? $"watcher '{record.Spec.Name}': {what}" : null)
                .FirstOrDefault(what => what is not null);
            yield return new Verdict(guarantee.GetType().Name, size, found);
        }
    }

    /// <summary>What became of the writers' guarantees.</summary>
    public static IEnumerable<Verdict> CheckWrites(Truth truth, WriteLog log)
    {
        string size = $"{log.Acknowledged.Count:n0} writes acknowledged, {truth.Last:n0} revisions";
        return OfWrites.Select(guarantee => new Verdict(guarantee.GetType().Name, size, guarantee.FindCounterexample(truth, log)));
    }
}
