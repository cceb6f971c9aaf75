using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// A watch is told what it asked for and nothing else: no change outside of its range, no revision that does not touch it, no
/// values where only keys were asked for.
/// </summary>
internal sealed class Filtered : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        if (record.Unfiltered is not null)
        {
            return record.Unfiltered;
        }

        foreach (RecordedEvent each in record.Events)
        {
            if (each.Revision <= truth.Last && truth.ExpectedAt(record.Spec, each.Revision) is null)
            {
                return $"revision {each.Revision} was told, which does not touch the range";
            }
        }

        return null;
    }
}
