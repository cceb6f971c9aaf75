using Microsoft.Extensions.Logging;
using WsStorage.Core.Copies;

namespace WsStorage.Cli.Stores;

/// <summary>What a server keeps its store in, or the copies of its replica.</summary>
/// <param name="Directory">The directory; none for memory.</param>
/// <param name="Durability">When something is on the disk; none for what is usual for a store, or for copies.</param>
/// <param name="History">What is kept of history.</param>
/// <param name="Logging">Where to log.</param>
internal sealed record ServedEngine(string? Directory, Durability? Durability, HistorySettings History, ILoggerFactory Logging)
{
    public IStorage OpenStore() => Directory is null
        ? Engines.OpenMemory(History)
        : Engines.OpenDirectory(Directory, StoreAccess.Create, Durability ?? DurabilityOption.Default, Logging, History);

    public ICopyStore OpenCopies() => Directory is null
        ? Engines.OpenMemoryCopies(History)
        : Engines.OpenCopies(Directory, StoreAccess.Create, Durability ?? DurabilityOption.OfCopies, Logging, History);
}
