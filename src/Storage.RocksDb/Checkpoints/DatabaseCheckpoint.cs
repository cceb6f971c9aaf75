using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Checkpoints;

/// <summary>Has RocksDB make checkpoints.</summary>
internal static class DatabaseCheckpoint
{
    /// <summary>Makes a checkpoint of all column families at one point in time. It grows beside its place (<c>.tmp</c>) and is put there when it is complete and on the disk.</summary>
    /// <param name="database">The database.</param>
    /// <param name="directory">Where; it must not exist.</param>
    public static void Create(Database database, string directory)
    {
        if (Path.Exists(directory))
        {
            throw StorageException.InvalidArgument($"{directory} exists; name a directory that does not.");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(directory)) is { } parent && !Directory.Exists(parent))
        {
            throw StorageException.InvalidArgument($"{parent} does not exist; create it, the checkpoint goes into it.");
        }

        string failure = $"The checkpoint {directory} could not be made";
        nint error = 0;
        nint pointer = RocksDbApi.rocksdb_checkpoint_object_create(database.Handle, ref error);
        NativeError.ThrowIfSet(error, failure);
        using var checkpoint = new CheckpointHandle(pointer, database.Handle);
        RocksDbApi.rocksdb_checkpoint_create(checkpoint, Path.GetFullPath(directory), 0, ref error);
        NativeError.ThrowIfSet(error, failure);
    }
}
