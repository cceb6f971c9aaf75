namespace WsStorage.RocksDb.Native;

/// <summary>A value where RocksDB holds it, pinned until this is disposed of.</summary>
internal readonly unsafe ref struct PinnedValue
{
    private readonly nint _slice;

    /// <summary>Takes over a pinned slice.</summary>
    /// <param name="slice">The slice, or zero for a key that is absent.</param>
    public PinnedValue(nint slice) => _slice = slice;

    /// <summary>Whether the key is present.</summary>
    public bool Exists => _slice != 0;

    /// <summary>The value; valid until this is disposed of. Only for a key that is present.</summary>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            byte* value = RocksDbApi.rocksdb_pinnableslice_value(_slice, out nuint length);
            return new(value, checked((int)length));
        }
    }

    /// <summary>Reads a key.</summary>
    /// <param name="database">The database.</param>
    /// <param name="family">The column family.</param>
    /// <param name="options">How to read.</param>
    /// <param name="key">The key.</param>
    /// <returns>The value, to be disposed of.</returns>
    /// <exception cref="StorageException">The read failed.</exception>
    public static PinnedValue Get(Database database, ColumnFamilyHandle family, ReadOptionsHandle options, ReadOnlySpan<byte> key)
    {
        ThreadCounters.TurnOff();
        nint error = 0;
        nint slice;
        fixed (byte* bytes = key)
        {
            slice = RocksDbApi.rocksdb_get_pinned_cf(
                database.Handle.Pointer, options.Pointer, family.Pointer, bytes, (nuint)key.Length, ref error);
        }

        NativeError.ThrowIfSet(error, "A key could not be read");
        return new(slice);
    }

    public void Dispose()
    {
        if (_slice != 0)
        {
            RocksDbApi.rocksdb_pinnableslice_destroy(_slice);
        }
    }
}
