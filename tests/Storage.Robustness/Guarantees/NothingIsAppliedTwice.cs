using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// Each write is in the log once at the most, however often it was sent; and one that its writer was told is not applied is
/// not there at all.
/// </summary>
internal sealed class NothingIsAppliedTwice : IWriteGuarantee
{
    public string? FindCounterexample(Truth truth, WriteLog log)
    {
        var seen = new Dictionary<WriteId, int>(truth.Writes.Count);
        for (int i = 0; i < truth.Writes.Count; i++)
        {
            WriteId id = truth.Writes[i].Id;
            if (id != default && !seen.TryAdd(id, i))
            {
                return $"{id} was applied at revision {seen[id] + 1} and again at {i + 1}";
            }
        }

        FailedWrite? applied = log.Failed.FirstOrDefault(each => each.Outcome == WriteOutcome.NotApplied && seen.ContainsKey(each.Id));
        return applied is null ? null : $"{applied.Id} was applied at revision {seen[applied.Id] + 1}, and failed as not applied: {applied.Message}";
    }
}
