using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// A batch arrives whole: each event holds all changes of its revision that are in the range, as they were committed and in
/// their order.
/// </summary>
internal sealed class Atomic : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        foreach (RecordedEvent each in record.Events)
        {
            if (truth.ExpectedAt(record.Spec, each.Revision) is not { } expected)
            {
                // Not of this range, or of no batch at all: Filtered and Resumable say so.
                continue;
            }

            if (each.Count != expected.Count)
            {
                return $"revision {each.Revision} came with {each.Count} of its {expected.Count} changes";
            }

            if (each.Digest != expected.Digest)
            {
                return $"revision {each.Revision} came with other changes than were committed";
            }
        }

        return null;
    }
}
