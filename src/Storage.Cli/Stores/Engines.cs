using Microsoft.Extensions.Logging;
using WsStorage.Core;
using WsStorage.Core.Copies;
using WsStorage.RocksDb;
using WsStorage.RocksDb.Copies;

namespace WsStorage.Cli.Stores;

/// <summary>The one place that chooses a storage engine.</summary>
internal static class Engines
{
    /// <summary>Makes an empty store in memory.</summary>
    /// <param name="history">What it keeps of its history.</param>
    public static IStorage OpenMemory(HistorySettings history) => new InMemoryStorage(ToMemoryOptions(history));

    /// <summary>Makes a place in memory for the copies of a replica.</summary>
    /// <param name="history">What they keep of their history.</param>
    public static ICopyStore OpenMemoryCopies(HistorySettings history)
    {
        CheckCopyHistory(history);
        return new InMemoryCopyStore(ToMemoryOptions(history));
    }

    /// <summary>Opens the store in a directory of this machine.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="access">What for.</param>
    /// <param name="durability">When a write is acknowledged; without a meaning for reading.</param>
    /// <param name="logging">Where to log.</param>
    /// <param name="history">What it keeps of its history; none for the defaults.</param>
    public static RocksDbStorage OpenDirectory(
        string directory, StoreAccess access, Durability durability, ILoggerFactory logging, HistorySettings? history = null)
    {
        bool readOnly = access == StoreAccess.Read;
        if (ReplicaDirectory.Is(directory))
        {
            directory = readOnly
                ? ReplicaDirectory.FindCopy(directory)
                : throw new UsageException($"{directory} holds a replica, which changes only as its source does: write to the source, or read here. `wsstorage serve --replica-of` serves it.");
        }

        var options = new RocksDbOptions
        {
            ReadOnly = readOnly,
            CreateIfMissing = access == StoreAccess.Create,
            Durability = readOnly ? Durability.Synced : durability,
        };
        return RocksDbStorage.Open(directory, WithHistory(options, history), logging);
    }

    /// <summary>Opens the copies of a replica in a directory of this machine.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="access">Whether it is made when there is none.</param>
    /// <param name="durability">When what is copied is on the disk.</param>
    /// <param name="logging">Where to log.</param>
    /// <param name="history">What they keep of their history; none for the defaults.</param>
    public static ICopyStore OpenCopies(
        string directory, StoreAccess access, Durability durability, ILoggerFactory logging, HistorySettings? history = null)
    {
        CheckCopyHistory(history);
        var options = new RocksDbOptions { CreateIfMissing = access == StoreAccess.Create, Durability = durability };
        try
        {
            return RocksDbCopyStore.Open(directory, WithHistory(options, history), logging);
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.Locked)
        {
            throw new StorageException(
                StorageErrorCode.Locked,
                $"The replica in {directory} is in use: stop the `wsstorage replicate` or `serve --replica-of` that keeps it, or start that with --verify-every to have it compared meanwhile.",
                innerException: exception);
        }
    }

    private static InMemoryStorageOptions ToMemoryOptions(HistorySettings history)
    {
        if (history.Age is not null)
        {
            throw new UsageException("--log-age goes with --data; a store in memory keeps history by --log-bytes only.");
        }

        var options = new InMemoryStorageOptions();
        return options with { HistoryBytes = history.Bytes ?? options.HistoryBytes, KeepPreviousValues = history.KeepPrevious };
    }

    private static RocksDbOptions WithHistory(RocksDbOptions options, HistorySettings? history)
    {
        if (history?.Bytes is > 0 and < RocksDbOptions.MinCommitLogBytes)
        {
            throw new UsageException($"--log-bytes is {history.Bytes}; it must be 0, for no history, or at least {RocksDbOptions.MinCommitLogBytes}.");
        }

        return options with
        {
            CommitLogBytes = history?.Bytes ?? options.CommitLogBytes,
            CommitLogAge = history?.Age,
            LogPreviousValues = history?.KeepPrevious ?? false,
        };
    }

    private static void CheckCopyHistory(HistorySettings? history)
    {
        if (history?.KeepPrevious == true)
        {
            throw new UsageException("--keep-previous is not for replicas: their history is that of their source.");
        }
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
