using WsStorage.RocksDb;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>How the RocksDB stores of all scenarios are opened: as they are by default, with room to keep a million keys warm.</summary>
internal static class EngineOptions
{
    public static RocksDbOptions Of(Durability durability, bool commitLog = true) => new()
    {
        Durability = durability,
        CommitLogBytes = commitLog ? new RocksDbOptions().CommitLogBytes : 0,
        BlockCacheBytes = 2L << 30,
    };
}
