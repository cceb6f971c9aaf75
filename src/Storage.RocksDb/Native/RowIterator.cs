namespace WsStorage.RocksDb.Native;

/// <summary>
/// Walks the rows of a column family at one point in time. A walk that ends by a failure throws, so that it is never taken
/// for the end of the data. Not thread-safe; to be disposed of before the database.
/// </summary>
internal sealed unsafe class RowIterator : IDisposable
{
    private readonly IteratorHandle _handle;
    private readonly ReadOptionsHandle _options;

    /// <summary>Makes an iterator that stands nowhere.</summary>
    /// <param name="database">The database.</param>
    /// <param name="family">The column family.</param>
    /// <param name="options">How to read; owned by the iterator from here on.</param>
    public RowIterator(Database database, ColumnFamilyHandle family, ReadOptionsHandle options)
    {
        _options = options;
        _handle = new IteratorHandle(RocksDbApi.rocksdb_create_iterator_cf(database.Handle, options, family), database.Handle);
    }

    /// <summary>The key of the row; valid until the iterator moves.</summary>
    public ReadOnlySpan<byte> Key
    {
        get
        {
            byte* key = RocksDbApi.rocksdb_iter_key(_handle.Pointer, out nuint length);
            return new(key, (int)length);
        }
    }

    /// <summary>The value of the row; valid until the iterator moves.</summary>
    public ReadOnlySpan<byte> Value
    {
        get
        {
            byte* value = RocksDbApi.rocksdb_iter_value(_handle.Pointer, out nuint length);
            return new(value, (int)length);
        }
    }

    /// <summary>Moves to the first row, or in reverse to the last, within the bounds.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Start(bool reverse)
    {
        if (reverse)
        {
            RocksDbApi.rocksdb_iter_seek_to_last(_handle.Pointer);
        }
        else
        {
            RocksDbApi.rocksdb_iter_seek_to_first(_handle.Pointer);
        }

        return IsAtRow();
    }

    /// <summary>Moves to the first row whose key is <paramref name="key"/> or after it.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Seek(ReadOnlySpan<byte> key)
    {
        fixed (byte* bytes = key)
        {
            RocksDbApi.rocksdb_iter_seek(_handle.Pointer, bytes, (nuint)key.Length);
        }

        return IsAtRow();
    }

    /// <summary>Moves to the last row whose key is <paramref name="key"/> or before it.</summary>
    /// <returns>Whether there is one.</returns>
    public bool SeekBack(ReadOnlySpan<byte> key)
    {
        fixed (byte* bytes = key)
        {
            RocksDbApi.rocksdb_iter_seek_for_prev(_handle.Pointer, bytes, (nuint)key.Length);
        }

        return IsAtRow();
    }

    /// <summary>Moves from a row to the next one, or in reverse to the one before.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Move(bool reverse)
    {
        if (reverse)
        {
            RocksDbApi.rocksdb_iter_prev(_handle.Pointer);
        }
        else
        {
            RocksDbApi.rocksdb_iter_next(_handle.Pointer);
        }

        return IsAtRow();
    }

    public void Dispose()
    {
        _handle.Dispose();
        _options.Dispose();
    }

    private bool IsAtRow()
    {
        if (RocksDbApi.rocksdb_iter_valid(_handle.Pointer) != 0)
        {
            return true;
        }

        nint error = 0;
        RocksDbApi.rocksdb_iter_get_error(_handle.Pointer, ref error);
        NativeError.ThrowIfSet(error, "Rows could not be read");
        return false;
    }
}
