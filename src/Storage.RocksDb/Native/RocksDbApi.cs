using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>
/// The functions of librocksdb that are used here, as <c>rocksdb/c.h</c> declares them, under their own names. Where a
/// pointer stands for a handle, the caller keeps the handle open over the call.
/// </summary>
/// <remarks>
/// <para>Every function here is in librocksdb 6.11 to 10; <see cref="OptionalApi"/> holds what only some have.</para>
/// <para>An <c>errptr</c> is zero before the call; what it then points to is for <see cref="NativeError"/> to free.</para>
/// </remarks>
internal static unsafe partial class RocksDbApi
{
    /// <summary>The name by which <see cref="RocksDbLibrary"/> knows the library.</summary>
    public const string Library = "rocksdb";

    // Opening and closing.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rocksdb_open(OptionsHandle options, string name, ref nint errptr);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rocksdb_open_column_families(
        OptionsHandle options, string name, int count, nint* names, nint* familyOptions, nint* handles, ref nint errptr);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rocksdb_open_for_read_only_column_families(
        OptionsHandle options,
        string name,
        int count,
        nint* names,
        nint* familyOptions,
        nint* handles,
        byte errorIfWalFileExists,
        ref nint errptr);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint* rocksdb_list_column_families(
        OptionsHandle options, string name, out nuint count, ref nint errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_list_column_families_destroy(nint* list, nuint count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rocksdb_create_column_family(
        DatabaseHandle db, OptionsHandle options, string name, ref nint errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_column_family_handle_destroy(nint handle);

    [LibraryImport(Library)]
    public static partial void rocksdb_close(nint db);

    [LibraryImport(Library)]
    public static partial void rocksdb_free(nint pointer);

    // Options.
    [LibraryImport(Library)]
    public static partial nint rocksdb_options_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_options_destroy(nint options);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_env(OptionsHandle options, EnvironmentHandle environment);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void rocksdb_get_options_from_string(
        OptionsHandle baseOptions, string text, OptionsHandle newOptions, ref nint errptr);

    [LibraryImport(Library)]
    public static partial nint rocksdb_create_mem_env();

    [LibraryImport(Library)]
    public static partial void rocksdb_set_perf_level(int level);

    [LibraryImport(Library)]
    public static partial void rocksdb_env_destroy(nint environment);

    // The state of an open database.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rocksdb_property_int_cf(nint db, nint columnFamily, string name, out ulong value);

    [LibraryImport(Library)]
    public static partial nint rocksdb_create_snapshot(DatabaseHandle db);

    [LibraryImport(Library)]
    public static partial void rocksdb_release_snapshot(nint db, nint snapshot);

    [LibraryImport(Library)]
    public static partial nint rocksdb_checkpoint_object_create(DatabaseHandle db, ref nint errptr);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void rocksdb_checkpoint_create(
        CheckpointHandle checkpoint, string directory, ulong logSizeForFlush, ref nint errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_checkpoint_object_destroy(nint checkpoint);
}
