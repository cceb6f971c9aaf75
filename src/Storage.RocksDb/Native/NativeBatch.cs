namespace WsStorage.RocksDb.Native;

/// <summary>Operations that are written atomically. Lives on the stack of the method that writes it.</summary>
internal readonly unsafe ref struct NativeBatch
{
    private readonly nint _pointer;

    /// <summary>Makes an empty batch.</summary>
    public NativeBatch() => _pointer = RocksDbApi.rocksdb_writebatch_create();

    /// <summary>Makes a batch of its serialized form; see <see cref="BatchRepresentation"/>.</summary>
    /// <param name="representation">The form; copied.</param>
    public NativeBatch(ReadOnlySpan<byte> representation)
    {
        fixed (byte* bytes = representation)
        {
            _pointer = RocksDbApi.rocksdb_writebatch_create_from(bytes, (nuint)representation.Length);
        }
    }

    public void Put(ColumnFamilyHandle family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        fixed (byte* k = key, v = value)
        {
            RocksDbApi.rocksdb_writebatch_put_cf(_pointer, family.Pointer, k, (nuint)key.Length, v, (nuint)value.Length);
        }
    }

    public void Remove(ColumnFamilyHandle family, ReadOnlySpan<byte> key)
    {
        fixed (byte* k = key)
        {
            RocksDbApi.rocksdb_writebatch_delete_cf(_pointer, family.Pointer, k, (nuint)key.Length);
        }
    }

    /// <summary>Removes the keys from one, included, to another, excluded.</summary>
    public void RemoveRange(ColumnFamilyHandle family, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        fixed (byte* s = start, e = end)
        {
            RocksDbApi.rocksdb_writebatch_delete_range_cf(_pointer, family.Pointer, s, (nuint)start.Length, e, (nuint)end.Length);
        }
    }

    /// <summary>Writes the batch.</summary>
    /// <exception cref="StorageException">The write failed; whether it was applied is not known.</exception>
    public void Write(Database database, WriteOptionsHandle options)
    {
        ThreadCounters.TurnOff();
        nint error = 0;
        RocksDbApi.rocksdb_write(database.Handle.Pointer, options.Pointer, _pointer, ref error);
        if (error != 0)
        {
            throw NativeError.ToException(error, "The write failed", WriteOutcome.Unknown);
        }
    }

    public void Dispose() => RocksDbApi.rocksdb_writebatch_destroy(_pointer);
}
