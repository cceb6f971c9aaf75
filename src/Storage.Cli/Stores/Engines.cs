using Microsoft.Extensions.Logging;
using WsStorage.Core;
using WsStorage.RocksDb;

namespace WsStorage.Cli.Stores;

/// <summary>The one place that chooses a storage engine.</summary>
internal static class Engines
{
    public static IStorage OpenMemory() => new InMemoryStorage();

    /// <summary>Opens the store in a directory of this machine.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="access">What for.</param>
    /// <param name="durability">When a write is acknowledged; without a meaning for reading.</param>
    /// <param name="logging">Where to log.</param>
    public static RocksDbStorage OpenDirectory(string directory, StoreAccess access, Durability durability, ILoggerFactory logging)
    {
        bool readOnly = access == StoreAccess.Read;
        var options = new RocksDbOptions
        {
            ReadOnly = readOnly,
            CreateIfMissing = access == StoreAccess.Create,
            Durability = readOnly ? Durability.Synced : durability,
        };
        return RocksDbStorage.Open(directory, options, logging);
    }
}

/// <summary>What a verb wants of a store in a directory.</summary>
internal enum StoreAccess
{
    /// <summary>To read, even while another process serves it.</summary>
    Read,

    /// <summary>To change a store that exists.</summary>
    Change,

    /// <summary>To change a store, which is made when the directory is missing or empty.</summary>
    Create,
}
