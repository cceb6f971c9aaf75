using WsStorage.Robustness.History;

namespace WsStorage.Robustness.Guarantees;

/// <summary>Something that every watch promises.</summary>
internal interface IWatchGuarantee
{
    /// <summary>Looks for what contradicts it.</summary>
    /// <param name="truth">What really happened.</param>
    /// <param name="record">What one watcher was told, up to the end of the run.</param>
    /// <returns>The first contradiction, or none.</returns>
    string? FindCounterexample(Truth truth, WatchRecord record);
}

/// <summary>Something that every write promises.</summary>
internal interface IWriteGuarantee
{
    /// <summary>Looks for what contradicts it.</summary>
    /// <param name="truth">What really happened.</param>
    /// <param name="log">What the writers were told.</param>
    /// <returns>The first contradiction, or none.</returns>
    string? FindCounterexample(Truth truth, WriteLog log);
}
