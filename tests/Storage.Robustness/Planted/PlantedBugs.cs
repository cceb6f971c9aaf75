using WsStorage.Core.Copies;

namespace WsStorage.Robustness.Planted;

/// <summary>Puts a planted bug where it belongs: around the store in the server's process, or around a client.</summary>
internal static class PlantedBugs
{
    /// <summary>What the server serves in the place of a store.</summary>
    public static async Task<IStorage> InServerAsync(IStorage store, PlantedBug bug) => bug switch
    {
        PlantedBug.EarlyAcknowledgement => await EarlyAcknowledgement.CreateAsync((IExactlyOnceStorage)store),
        PlantedBug.RecordApart => new RecordApart((IExactlyOnceStorage)store),
        PlantedBug.ResumeTooFar => new ResumeTooFar((IExactlyOnceStorage)store),
        PlantedBug.HoardingWatch => new HoardingWatch((IExactlyOnceStorage)store),
        _ => store,
    };

    /// <summary>Where a replica keeps its copies in the place of a store of copies.</summary>
    public static ICopyStore InReplica(ICopyStore copies, PlantedBug bug) => bug == PlantedBug.DroppedRow ? new DroppedRow(copies) : copies;

    /// <summary>What a watcher watches in the place of its client.</summary>
    public static IStorage AtWatcher(IStorage client, PlantedBug bug) =>
        bug >= PlantedBug.DuplicateEvent ? new DistortedWatch(client, bug) : client;

    /// <summary>What a cache reads and watches in the place of its client.</summary>
    public static IStorage AtCache(IStorage client, PlantedBug bug) =>
        bug == PlantedBug.UnmarkedFill ? new UnmarkedFill(client) : AtWatcher(client, bug);
}
