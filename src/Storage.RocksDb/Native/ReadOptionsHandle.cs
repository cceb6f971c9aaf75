using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>How a read is done. Owns the memory of the bounds, which must outlive every iterator made with it.</summary>
internal sealed unsafe class ReadOptionsHandle() : RocksDbHandle(RocksDbApi.rocksdb_readoptions_create())
{
    private void* _lowerBound;
    private void* _upperBound;

    /// <summary>Reads at a point in time. The snapshot must outlive the read, and every iterator made with it:
    /// RocksDB keeps a pointer to it.</summary>
    public void SetSnapshot(SnapshotHandle snapshot) => RocksDbApi.rocksdb_readoptions_set_snapshot(this, snapshot);

    /// <summary>Sets the bounds of iterators, once.</summary>
    public void SetBounds(KeyRange range)
    {
        if (!range.Start.IsEmpty)
        {
            _lowerBound = Copy(range.Start.Span);
            RocksDbApi.rocksdb_readoptions_set_iterate_lower_bound(this, (byte*)_lowerBound, (nuint)range.Start.Length);
        }

        if (!range.End.IsEmpty)
        {
            _upperBound = Copy(range.End.Span);
            RocksDbApi.rocksdb_readoptions_set_iterate_upper_bound(this, (byte*)_upperBound, (nuint)range.End.Length);
        }
    }

    public void SetFillCache(bool fill) => RocksDbApi.rocksdb_readoptions_set_fill_cache(this, fill ? (byte)1 : (byte)0);

    public void SetReadahead(long bytes) => RocksDbApi.rocksdb_readoptions_set_readahead_size(this, (nuint)bytes);

    protected override void Destroy(nint pointer)
    {
        RocksDbApi.rocksdb_readoptions_destroy(pointer);
        NativeMemory.Free(_lowerBound);
        NativeMemory.Free(_upperBound);
    }

    private static void* Copy(ReadOnlySpan<byte> bytes)
    {
        void* copy = NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return copy;
    }
}
