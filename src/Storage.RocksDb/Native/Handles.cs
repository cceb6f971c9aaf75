namespace WsStorage.RocksDb.Native;

/// <summary>An open database: <c>rocksdb_t</c>.</summary>
internal sealed class DatabaseHandle(nint handle) : RocksDbHandle(handle)
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_close(pointer);
}

/// <summary>A column family of an open database. To be destroyed before the database closes, which aborts otherwise.</summary>
internal sealed class ColumnFamilyHandle(nint handle, DatabaseHandle database) : RocksDbHandle(handle, database)
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_column_family_handle_destroy(pointer);
}

/// <summary>An iterator over a column family, reading one point in time.</summary>
internal sealed class IteratorHandle(nint handle, DatabaseHandle database) : RocksDbHandle(handle, database)
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_iter_destroy(pointer);
}

/// <summary>A point in time whose data is kept.</summary>
internal sealed class SnapshotHandle(DatabaseHandle database)
    : RocksDbHandle(RocksDbApi.rocksdb_create_snapshot(database), database)
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_release_snapshot(ParentPointer, pointer);
}

/// <summary>Makes checkpoints of an open database.</summary>
internal sealed class CheckpointHandle(nint handle, DatabaseHandle database) : RocksDbHandle(handle, database)
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_checkpoint_object_destroy(pointer);
}

/// <summary>How a write is done.</summary>
internal sealed class WriteOptionsHandle : RocksDbHandle
{
    public WriteOptionsHandle(bool sync)
        : base(RocksDbApi.rocksdb_writeoptions_create()) =>
        RocksDbApi.rocksdb_writeoptions_set_sync(this, sync ? (byte)1 : (byte)0);

    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_writeoptions_destroy(pointer);
}

/// <summary>How a flush is done: it is waited for.</summary>
internal sealed class FlushOptionsHandle() : RocksDbHandle(RocksDbApi.rocksdb_flushoptions_create())
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_flushoptions_destroy(pointer);
}

/// <summary>How a compaction by hand is done: every file is written anew, while the automatic ones go on.</summary>
internal sealed class CompactionOptionsHandle : RocksDbHandle
{
    // BottommostLevelCompaction::kForceOptimized: all files of the last level too, but none that was just written.
    private const byte ForceOptimized = 3;

    public CompactionOptionsHandle()
        : base(RocksDbApi.rocksdb_compactoptions_create())
    {
        RocksDbApi.rocksdb_compactoptions_set_exclusive_manual_compaction(this, 0);
        RocksDbApi.rocksdb_compactoptions_set_bottommost_level_compaction(this, ForceOptimized);
    }

    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_compactoptions_destroy(pointer);
}

/// <summary>Where a database keeps its files.</summary>
internal sealed class EnvironmentHandle(nint handle) : RocksDbHandle(handle)
{
    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_env_destroy(pointer);
}

/// <summary>Options of a database and a column family.</summary>
internal sealed class OptionsHandle() : RocksDbHandle(Create())
{
    /// <summary>Reads options from RocksDB's own text form.</summary>
    public static OptionsHandle Parse(string text)
    {
        using var defaults = new OptionsHandle();
        var parsed = new OptionsHandle();
        nint error = 0;
        RocksDbApi.rocksdb_get_options_from_string(defaults, text, parsed, ref error);
        if (error != 0)
        {
            parsed.Dispose();
            throw NativeError.ToException(error, $"RocksDB does not take the options \"{text}\"");
        }

        return parsed;
    }

    protected override void Destroy(nint pointer) => RocksDbApi.rocksdb_options_destroy(pointer);

    private static nint Create()
    {
        // Every use of a database begins with options: here the library comes into memory.
        RocksDbLibrary.Load();
        return RocksDbApi.rocksdb_options_create();
    }
}
