using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <content>Batches, writes and flushes.</content>
internal static unsafe partial class RocksDbApi
{
    [LibraryImport(Library)]
    public static partial nint rocksdb_writeoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_writeoptions_destroy(nint options);

    [LibraryImport(Library)]
    public static partial void rocksdb_writeoptions_set_sync(WriteOptionsHandle options, byte sync);

    [LibraryImport(Library)]
    public static partial nint rocksdb_writebatch_create();

    [LibraryImport(Library)]
    public static partial nint rocksdb_writebatch_create_from(byte* representation, nuint length);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_destroy(nint batch);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_put_cf(
        nint batch, nint columnFamily, byte* key, nuint keyLength, byte* value, nuint valueLength);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_cf(nint batch, nint columnFamily, byte* key, nuint keyLength);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_range_cf(
        nint batch, nint columnFamily, byte* start, nuint startLength, byte* end, nuint endLength);

    [LibraryImport(Library)]
    public static partial void rocksdb_write(nint db, nint options, nint batch, ref nint errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_delete_file_in_range_cf(
        DatabaseHandle db, ColumnFamilyHandle columnFamily, byte* start, nuint startLength, byte* end, nuint endLength, ref nint errptr);

    [LibraryImport(Library)]
    public static partial nint rocksdb_compactoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_compactoptions_destroy(nint options);

    [LibraryImport(Library)]
    public static partial void rocksdb_compactoptions_set_exclusive_manual_compaction(CompactionOptionsHandle options, byte exclusive);

    [LibraryImport(Library)]
    public static partial void rocksdb_compactoptions_set_bottommost_level_compaction(CompactionOptionsHandle options, byte force);

    [LibraryImport(Library)]
    public static partial void rocksdb_compact_range_cf_opt(
        DatabaseHandle db, ColumnFamilyHandle columnFamily, CompactionOptionsHandle options,
        byte* start, nuint startLength, byte* end, nuint endLength);

    [LibraryImport(Library)]
    public static partial nint rocksdb_flushoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_flushoptions_destroy(nint options);

    [LibraryImport(Library)]
    public static partial void rocksdb_flush_cf(
        DatabaseHandle db, FlushOptionsHandle options, ColumnFamilyHandle columnFamily, ref nint errptr);
}
