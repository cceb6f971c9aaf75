using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>Each write that was acknowledged is in the log, whole, at the revision that its writer was told.</summary>
internal sealed class NothingAcknowledgedIsLost : IWriteGuarantee
{
    public string? FindCounterexample(Truth truth, WriteLog log)
    {
        foreach (AcknowledgedWrite each in log.Acknowledged)
        {
            if (each.Revision == 0 || each.Revision > truth.Last)
            {
                return $"{each.Id} was acknowledged at revision {each.Revision}, the store ends at {truth.Last}";
            }

            CommittedWrite committed = truth.Writes[(int)each.Revision - 1];
            if (committed.Id != each.Id)
            {
                return $"{each.Id} was acknowledged at revision {each.Revision}, where the log has {committed.Id}";
            }

            if (committed.Digest != each.Digest)
            {
                return $"{each.Id} was acknowledged at revision {each.Revision}, where the log has other changes";
            }
        }

        return null;
    }
}
