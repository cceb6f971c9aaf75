using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// A watch learns how far it is complete: what a mark says is never contradicted by what comes after it or was left out before
/// it, and by the end of the run the marks and events reach the end of the store, in a range where nothing happens too.
/// </summary>
internal sealed class Bookmarkable : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        if (record.BeganAfter is not { } began)
        {
            return $"the watch never began: {record.End}";
        }

        if (record.Last!.Value.Revision.Value < truth.Last)
        {
            return $"the watch was told that it is complete to {record.Last.Value.Revision}, the store ends at {truth.Last}";
        }

        return FindLaterEvent(record) ?? FindSkipped(truth, record, began);
    }

    private static string? FindLaterEvent(WatchRecord record)
    {
        // From the end on: the least revision of all events that come after a mark.
        uint least = uint.MaxValue;
        int i = record.Events.Count;
        for (int m = record.Marks.Count - 1; m >= 0; m--)
        {
            RecordedMark mark = record.Marks[m];
            while (i > mark.EventsBefore)
            {
                least = Math.Min(least, record.Events[--i].Revision);
            }

            if (least <= mark.Revision)
            {
                return $"a mark said that all up to {mark.Revision} had been told, and revision {least} came after it";
            }
        }

        return null;
    }

    private static string? FindSkipped(Truth truth, WatchRecord record, ulong began)
    {
        IReadOnlyList<ExpectedEvent> expected = truth.Expected(record.Spec);
        foreach (RecordedMark mark in record.Marks)
        {
            ulong told = mark.EventsBefore == 0 ? began : Math.Max(began, record.Events[mark.EventsBefore - 1].Revision);
            int next = truth.FirstAfter(record.Spec, told);
            if (next < expected.Count && expected[next].Revision <= mark.Revision)
            {
                return $"a mark said that all up to {mark.Revision} had been told, and revision {expected[next].Revision} had not";
            }
        }

        return null;
    }
}
