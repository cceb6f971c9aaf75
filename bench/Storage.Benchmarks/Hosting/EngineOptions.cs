using WsStorage.RocksDb;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>How the RocksDB stores of all scenarios are opened: as they are by default, with room to keep a million keys warm.</summary>
internal static class EngineOptions
{
    /// <summary>Room for a million rows of 116 bytes, and half as many again.</summary>
    public const long RowCacheBytes = 256L << 20;

    public static RocksDbOptions Of(Durability durability, bool commitLog = true, long rowCacheBytes = RowCacheBytes) => new()
    {
        Durability = durability,
        CommitLogBytes = commitLog ? new RocksDbOptions().CommitLogBytes : 0,
        BlockCacheBytes = 2L << 30,
        RowCacheBytes = rowCacheBytes,
    };
}
