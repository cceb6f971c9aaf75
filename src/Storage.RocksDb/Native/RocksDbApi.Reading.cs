using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <content>Gets and iterators.</content>
/// <remarks>The accessors that only hand out a field skip the transition of the garbage collector's mode.</remarks>
internal static unsafe partial class RocksDbApi
{
    [LibraryImport(Library)]
    public static partial nint rocksdb_readoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_destroy(nint options);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_snapshot(ReadOptionsHandle options, SnapshotHandle snapshot);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_iterate_lower_bound(ReadOptionsHandle options, byte* key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_iterate_upper_bound(ReadOptionsHandle options, byte* key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_fill_cache(ReadOptionsHandle options, byte fill);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_readahead_size(ReadOptionsHandle options, nuint bytes);

    [LibraryImport(Library)]
    public static partial nint rocksdb_get_pinned_cf(
        nint db, nint options, nint columnFamily, byte* key, nuint keyLength, ref nint errptr);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial byte* rocksdb_pinnableslice_value(nint slice, out nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_pinnableslice_destroy(nint slice);

    [LibraryImport(Library)]
    public static partial nint rocksdb_create_iterator_cf(
        DatabaseHandle db, ReadOptionsHandle options, ColumnFamilyHandle columnFamily);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_destroy(nint iterator);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial byte rocksdb_iter_valid(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_to_first(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_to_last(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek(nint iterator, byte* key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_for_prev(nint iterator, byte* key, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_next(nint iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_prev(nint iterator);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial byte* rocksdb_iter_key(nint iterator, out nuint length);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial byte* rocksdb_iter_value(nint iterator, out nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_get_error(nint iterator, ref nint errptr);
}
