using System.Collections;
using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>No revision is told twice, whatever happened to the connection in between.</summary>
internal sealed class Unique : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        var told = new BitArray(checked((int)truth.Last + 1));
        foreach (RecordedEvent each in record.Events)
        {
            if (each.Revision > truth.Last)
            {
                return $"revision {each.Revision} was told, the store ends at {truth.Last}";
            }

            if (told[(int)each.Revision])
            {
                return $"revision {each.Revision} was told twice";
            }

            told[(int)each.Revision] = true;
        }

        return null;
    }
}
