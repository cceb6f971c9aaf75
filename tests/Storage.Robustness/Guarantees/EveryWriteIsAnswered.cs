using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>No write ends with an error: whatever was lost on the way, its writer gets the outcome in the end.</summary>
internal sealed class EveryWriteIsAnswered : IWriteGuarantee
{
    public string? FindCounterexample(Truth truth, WriteLog log) =>
        log.Failed.Count == 0 ? null : $"{log.Failed.Count} writes failed, the first of them {log.Failed[0].Id}: {log.Failed[0].Message}";
}
