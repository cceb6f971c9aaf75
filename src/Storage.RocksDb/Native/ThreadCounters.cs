namespace WsStorage.RocksDb.Native;

/// <summary>
/// RocksDB counts for each thread what it does: every comparison of keys, every block, behind two looks at storage of the thread.
/// Nobody here reads that.
/// </summary>
internal static class ThreadCounters
{
    // rocksdb::PerfLevel::kDisable, and of the C interface rocksdb_disable.
    private const int Disable = 1;

    [ThreadStatic]
    private static bool _isOff;

    /// <summary>Turns them off for this thread, for good. Before RocksDB is asked for much.</summary>
    public static void TurnOff()
    {
        if (!_isOff)
        {
            _isOff = true;
            RocksDbApi.rocksdb_set_perf_level(Disable);
        }
    }
}
