using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>Revisions only grow, over all watches of the watcher.</summary>
internal sealed class Ordered : IWatchGuarantee
{
    public string? FindCounterexample(Truth truth, WatchRecord record)
    {
        for (int i = 1; i < record.Events.Count; i++)
        {
            if (record.Events[i].Revision < record.Events[i - 1].Revision)
            {
                return $"revision {record.Events[i].Revision} came after {record.Events[i - 1].Revision}";
            }
        }

        for (int i = 1; i < record.Marks.Count; i++)
        {
            if (record.Marks[i].Revision < record.Marks[i - 1].Revision)
            {
                return $"the mark of revision {record.Marks[i].Revision} came after that of {record.Marks[i - 1].Revision}";
            }
        }

        return null;
    }
}
