using System.Collections;
using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>Nothing in the range is skipped, from where the watch began to the end of the run.</summary>
internal sealed class Reliable : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        if (record.BeganAfter is not { } began)
        {
            return $"the watch never began: {record.End}";
        }

        var told = new BitArray(checked((int)truth.Last + 1));
        foreach (RecordedEvent each in record.Events.Where(each => each.Revision <= truth.Last))
        {
            told[(int)each.Revision] = true;
        }

        IReadOnlyList<ExpectedEvent> expected = truth.Expected(record.Spec);
        for (int i = truth.FirstAfter(record.Spec, began); i < expected.Count; i++)
        {
            if (!told[(int)expected[i].Revision])
            {
                return $"revision {expected[i].Revision} was not told{(record.End is null ? "" : $": {record.End}")}";
            }
        }

        return null;
    }
}
