using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// The log that all else is compared with has no hole, its hashes follow from its content, and applied from the beginning it
/// gives exactly what a scan of the store finds.
/// </summary>
internal sealed class TheLogIsTrue : IWriteGuarantee
{
    public string? FindCounterexample(Truth truth, WriteLog log) => truth.Unsound;
}
