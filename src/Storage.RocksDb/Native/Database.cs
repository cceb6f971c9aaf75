namespace WsStorage.RocksDb.Native;

/// <summary>
/// An open database and its column families. Closes in the order that RocksDB demands. Thread-safe, as RocksDB is; the
/// caller sees to it that nothing uses it while, or after, it is disposed of.
/// </summary>
internal sealed class Database : IDisposable
{
    private readonly List<ColumnFamilyHandle> _others;

    public Database(
        DatabaseHandle handle,
        ColumnFamilyHandle data,
        ColumnFamilyHandle? log,
        ColumnFamilyHandle? meta,
        ColumnFamilyHandle? sessions,
        List<ColumnFamilyHandle> others)
    {
        Handle = handle;
        Data = data;
        Log = log;
        Meta = meta;
        Sessions = sessions;
        _others = others;
    }

    public DatabaseHandle Handle { get; }

    /// <summary>The user's data: the default column family.</summary>
    public ColumnFamilyHandle Data { get; }

    /// <summary>The commit log; null in a database opened for reading that has none.</summary>
    public ColumnFamilyHandle? Log { get; }

    /// <summary>Facts about the store; null in a database opened for reading that has none.</summary>
    public ColumnFamilyHandle? Meta { get; }

    /// <summary>What is remembered of numbered writes; null in a database opened for reading that has none.</summary>
    public ColumnFamilyHandle? Sessions { get; }

    /// <summary>How reads are done that ask for nothing special.</summary>
    public ReadOptionsHandle ReadOptions { get; } = new();

    /// <summary>A number that RocksDB keeps of a column family, or 0 if it does not know the name.</summary>
    public long GetProperty(ColumnFamilyHandle family, string name) =>
        RocksDbApi.rocksdb_property_int_cf(Handle.Pointer, family.Pointer, name, out ulong value) == 0 ? (long)value : 0;

    /// <summary>Writes what a column family holds in memory out to files.</summary>
    public void Flush(ColumnFamilyHandle family)
    {
        using var options = new FlushOptionsHandle();
        nint error = 0;
        RocksDbApi.rocksdb_flush_cf(Handle, options, family, ref error);
        NativeError.ThrowIfSet(error, "A write buffer could not be written out");
    }

    /// <summary>Rewrites all files of a column family, so that each key is in one of them and none is to be rewritten again.</summary>
    public unsafe void CompactFiles(ColumnFamilyHandle family)
    {
        using var options = new CompactionOptionsHandle();
        RocksDbApi.rocksdb_compact_range_cf_opt(Handle, family, options, null, 0, null, 0);
    }

    /// <summary>Removes the files that hold nothing but a range of keys, from one, included, to another, excluded.</summary>
    public unsafe void DeleteFiles(ColumnFamilyHandle family, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        nint error = 0;
        fixed (byte* s = start, e = end)
        {
            RocksDbApi.rocksdb_delete_file_in_range_cf(Handle, family, s, (nuint)start.Length, e, (nuint)end.Length, ref error);
        }

        NativeError.ThrowIfSet(error, "Old files of a column family could not be removed");
    }

    /// <summary>Brings everything written to the disk.</summary>
    public unsafe void SyncWal()
    {
        if (OptionalApi.FlushWal is not null)
        {
            nint error = 0;
            OptionalApi.FlushWal(Handle.Pointer, 1, &error);
            NativeError.ThrowIfSet(error, "The write-ahead log could not be synced");
        }
    }

    public void Dispose()
    {
        ReadOptions.Dispose();
        Data.Dispose();
        Log?.Dispose();
        Meta?.Dispose();
        Sessions?.Dispose();
        foreach (ColumnFamilyHandle other in _others)
        {
            other.Dispose();
        }

        Handle.Dispose();
    }
}
