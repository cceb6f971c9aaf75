using System.Text.Json;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>What a host process serves; it gets this as one line of JSON.</summary>
internal sealed record HostOptions
{
    /// <summary>Whether the engine is the one in memory, in the place of RocksDB.</summary>
    public bool Memory { get; init; }

    /// <summary>The directory of the RocksDB store.</summary>
    public string? Data { get; init; }

    /// <summary>When the RocksDB store acknowledges a write.</summary>
    public Durability Durability { get; init; } = Durability.Buffered;

    /// <summary>Whether the RocksDB store keeps a commit log.</summary>
    public bool CommitLog { get; init; } = true;

    /// <summary>How much memory the RocksDB store has for rows that were read; 0: it reads all of RocksDB.</summary>
    public long RowCacheBytes { get; init; } = EngineOptions.RowCacheBytes;

    /// <summary>The store of which this host keeps a replica in <see cref="Data"/>, in the place of serving one.</summary>
    public Uri? ReplicaOf { get; init; }

    /// <summary>Where the keystores and truststores are.</summary>
    public string Certificates { get; init; } = "";

    public string ToJson() => JsonSerializer.Serialize(this);

    public static HostOptions FromJson(string json) => JsonSerializer.Deserialize<HostOptions>(json)!;
}

/// <summary>Where a host listens; it says so in one line of JSON.</summary>
/// <param name="Storage">The storage, as the shipped server serves it.</param>
/// <param name="Peers">The peers: <c>/echo</c> and <c>/broadcast</c> over WebSockets.</param>
/// <param name="Http2">The same storage, one HTTP/2 request for each operation: <c>/get</c> and <c>/put</c>.</param>
internal sealed record HostAddresses(Uri Storage, Uri Peers, Uri Http2);

/// <summary>What a host says of itself when it is asked.</summary>
/// <param name="AllocatedBytes">All that was ever allocated on its managed heap, before this was asked.</param>
/// <param name="HeapBytes">What lives there, after a full collection.</param>
/// <param name="CpuSeconds">The processor time that it has used.</param>
/// <param name="ResidentBytes">Its resident memory.</param>
internal sealed record HostReadings(long AllocatedBytes, long HeapBytes, double CpuSeconds, long ResidentBytes);
