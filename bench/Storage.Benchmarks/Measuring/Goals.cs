namespace WsStorage.Benchmarks.Measuring;

/// <summary>All goals, in the order of the report. The rates are medians over one run's interleaved rounds.</summary>
internal static class Goals
{
    public static readonly Goal GetAgainstRedis = Goal.AtLeast("get, RocksDB, 1 M keys warm, depth 256", "Redis over TLS", 1.0);
    public static readonly Goal GetAgainstEngine = Goal.AtLeast("get, RocksDB, 1 M keys warm, depth 256", "RocksDB's own many-get on one core", 0.9);
    public static readonly Goal MemoryGet = Goal.AtLeast("get, in-memory engine, depth 256", "Redis over TLS", 1.7);
    public static readonly Goal BufferedPut = Goal.AtLeast("put Buffered, depth 256", "Redis everysec over TLS", 1.0);
    public static readonly Goal SyncedPutAgainstAlways = Goal.AtLeast("put Synced, depth 256", "Redis always over TLS", 1.0);
    public static readonly Goal SyncedPutAgainstEverySec = Goal.AtLeast("put Synced, depth 256", "Redis everysec over TLS", 0.6);
    public static readonly Goal LoneGetAgainstEcho = Goal.AtMost("one get outstanding, p50", "a raw WebSocket echo", 1.15);
    public static readonly Goal LonePutAgainstEcho = Goal.AtMost("one put Buffered outstanding, p50", "a raw WebSocket echo", 1.15);
    public static readonly Goal LoneGetAgainstRedis = Goal.AtMost("one get outstanding, p50", "Redis over TLS", 1.0);
    public static readonly Goal LonePutAgainstRedis = Goal.AtMost("one put Buffered outstanding, p50", "Redis over TLS", 1.0);
    public static readonly Goal GetAgainstHttp2 = Goal.AtLeast("get, depth 256", "one HTTP/2 request per operation", 8);
    public static readonly Goal PutAgainstHttp2 = Goal.AtLeast("put Buffered, depth 256", "one HTTP/2 request per operation", 7);
    public static readonly Goal LoneGetAgainstHttp2 = Goal.AtMost("one get outstanding, p50", "one HTTP/2 request per operation", 0.75);
    public static readonly Goal LonePutAgainstHttp2 = Goal.AtMost("one put Buffered outstanding, p50", "one HTTP/2 request per operation", 0.75);
    public static readonly Goal FiftyConnections = Goal.AtLeast("get, 50 connections of depth 16", "Redis over TLS", 0.9);
    public static readonly Goal Fairness = Goal.AtLeast("the slowest of 50 connections", "their mean", 0.5);
    public static readonly Goal ManyGet = Goal.AtLeast("many-get of 100", "RocksDB called directly", 0.9);
    public static readonly Goal BatchPut = Goal.AtLeast("batch put of 100", "the engine called directly", 0.9);
    public static readonly Goal Scan = Goal.AtLeast("scan, MB/s", "the TLS wire with 64 KiB messages", 0.6);
    public static readonly Goal CommitLogAndReplica = Goal.AtLeast("put Buffered with commit log and a replica", "the same without commit log", 0.7);
    public static readonly Goal CatchUp = Goal.AtLeast("replica catching up, rows/s", "the engine taking the same batches", 0.8);
    public static readonly Goal FileBootstrap = Goal.AtLeast("bootstrap by files, MB/s", "the TLS wire or the disk, whichever is slower", 0.8);
    public static readonly Goal FanOut = Goal.AtLeast("1 writer, 1,000 watchers on 50 connections, events/s", "a plain WebSocket broadcast with batching", 0.8);
    public static readonly Goal IdleWatches = Goal.AtLeast("put with 10,000 watches that do not match", "put without watches", 0.95);
    public static readonly Goal CacheHit = Goal.AtMost("near-cache hit", "", 200, "ns");
    public static readonly Goal CacheHitAllocation = Goal.AtMost("near-cache hit, allocated beyond the value", "", 0, "bytes");
    public static readonly Goal IdleConnection = Goal.AtMost("idle connection, managed memory of ours", "", 8, "KiB");
    public static readonly Goal IdleConnections = Goal.AtLeast("idle connections at once", "", 10_000, "connections");
    public static readonly Goal MoreKeys = Goal.AtLeast("get, 10 M keys", "get, 100 k keys", 0.8);
    public static readonly Goal MoreConnections = Goal.AtLeast("get, 1,000 connections", "get, 50 connections", 0.7);
    public static readonly Goal ServerGetAllocation = Goal.AtMost("allocated on the server for a get", "", 0, "bytes");
    public static readonly Goal ClientGetAllocation = Goal.AtMost("allocated on the client for a get, beyond the value array", "", 0, "bytes");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Goal> All { get; } =
    [
        GetAgainstRedis, GetAgainstEngine, MemoryGet, BufferedPut, SyncedPutAgainstAlways, SyncedPutAgainstEverySec,
        LoneGetAgainstEcho, LonePutAgainstEcho, LoneGetAgainstRedis, LonePutAgainstRedis,
        GetAgainstHttp2, PutAgainstHttp2, LoneGetAgainstHttp2, LonePutAgainstHttp2, FiftyConnections, Fairness,
        ManyGet, BatchPut, Scan, CommitLogAndReplica, CatchUp, FileBootstrap, FanOut, IdleWatches,
        CacheHit, CacheHitAllocation, IdleConnection, IdleConnections, MoreKeys, MoreConnections, ServerGetAllocation, ClientGetAllocation,
    ];
}
