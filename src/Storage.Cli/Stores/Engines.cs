using WsStorage.Core;

namespace WsStorage.Cli.Stores;

/// <summary>The one place that chooses a storage engine.</summary>
internal static class Engines
{
    public static IStorage OpenMemory() => new InMemoryStorage();

    /// <summary>Opens the store in a directory of this machine.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="access">What for.</param>
    /// <param name="durability">When a write is acknowledged.</param>
    public static IStorage OpenDirectory(string directory, StoreAccess access, Durability durability) =>
        throw new StorageException(StorageErrorCode.Unsupported, $"{directory} can't be opened: this build has no engine for it.");
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
