using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>Functions that not every librocksdb has; null where this one has not.</summary>
internal static unsafe class OptionalApi
{
    /// <summary>
    /// <c>rocksdb_batched_multi_get_cf</c>, since 7.0: db, options, family, count, keys, key lengths, pinned values, errors,
    /// whether the keys are sorted. Reads one point in time.
    /// </summary>
    public static readonly delegate* unmanaged<nint, nint, nint, nuint, byte**, nuint*, nint*, nint*, byte, void> BatchedMultiGet =
        (delegate* unmanaged<nint, nint, nint, nuint, byte**, nuint*, nint*, nint*, byte, void>)Find("rocksdb_batched_multi_get_cf");

    /// <summary><c>rocksdb_flush_wal</c>: db, whether to sync, error.</summary>
    public static readonly delegate* unmanaged<nint, byte, nint*, void> FlushWal =
        (delegate* unmanaged<nint, byte, nint*, void>)Find("rocksdb_flush_wal");

    private static nint Find(string name) =>
        NativeLibrary.TryGetExport(RocksDbLibrary.Load(), name, out nint address) ? address : 0;
}
