using System.Globalization;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Opening;

/// <summary>Turns <see cref="RocksDbOptions"/> into RocksDB's own options, one set for each kind of column family.</summary>
/// <remarks>
/// The text form is used because its names are stable: the functions that make a Bloom filter changed their binary
/// signature between 6.11 and 7.
/// </remarks>
internal static class NativeOptions
{
    private static readonly Lock ProbeGate = new();
    private static readonly Dictionary<RocksDbCompression, bool> Supported = [];

    /// <summary>The database's options, and those of the user's data.</summary>
    public static OptionsHandle ForData(RocksDbOptions options) =>
        OptionsHandle.Parse(DescribeDatabase(options) + DescribeData(options) + options.NativeOptions);

    /// <summary>The options of the commit log: written once in order, read rarely and in order, trimmed at its start.</summary>
    public static OptionsHandle ForLog(RocksDbOptions options) => OptionsHandle.Parse(string.Create(
        CultureInfo.InvariantCulture,
        $"write_buffer_size={options.WriteBufferBytes};max_write_buffer_number={options.MaxWriteBuffers};{Compress(options.Compression)}block_based_table_factory={{block_size=65536;block_cache=8388608;}};"));

    /// <summary>The options of the small family of facts about the store.</summary>
    public static OptionsHandle ForMeta() => OptionsHandle.Parse(
        "write_buffer_size=1048576;block_based_table_factory={block_cache=65536;};");

    /// <summary>The options of the family of sessions: small rows, most of them removed soon, read only at the opening.</summary>
    public static OptionsHandle ForSessions() => OptionsHandle.Parse(
        "write_buffer_size=4194304;block_based_table_factory={block_cache=65536;};");

    /// <summary>The options of families that are others': their files are left as they are.</summary>
    public static OptionsHandle ForOthers() => OptionsHandle.Parse("disable_auto_compactions=true;");

    private static string DescribeDatabase(RocksDbOptions options)
    {
        // Families that are seldom written would keep gigabytes of write-ahead log, to be read again at the next opening.
        long walBytes = 6 * options.WriteBufferBytes;

        // One thread writes, so nothing is gained by memory that several may fill at once, and it is slower.
        const string oneWriter = "allow_concurrent_memtable_write=false;";

        // RocksDB's own text log lies in the store. On a disk that is full a line that can't be written is remembered, and
        // the next one ends the process where the library was built with assertions, as Debian's is: so it is kept silent.
        const string textLog = "info_log_level=FATAL_LEVEL;max_log_file_size=4194304;keep_log_file_num=4;";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"create_if_missing={(options.CreateIfMissing ? "true" : "false")};max_background_jobs={options.MaxBackgroundJobs};max_open_files={options.MaxOpenFiles};max_total_wal_size={walBytes};wal_recovery_mode=kPointInTimeRecovery;{oneWriter}{textLog}");
    }

    private static string DescribeData(RocksDbOptions options)
    {
        string filter = options.BloomBitsPerKey == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"filter_policy=bloomfilter:{options.BloomBitsPerKey}:false;");
        string cache = options.BlockCacheBytes == 0
            ? "no_block_cache=true;"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"block_cache={{capacity={options.BlockCacheBytes};high_pri_pool_ratio=0.5;}};cache_index_and_filter_blocks={(options.CacheIndexAndFilters ? "true" : "false")};pin_l0_filter_and_index_blocks_in_cache=true;");

        // A key's place in its block is looked up in a hash table, which leads to four keys: a search among all of a block's keys
        // takes longer than all else.
        const string hashed = "block_restart_interval=4;data_block_index_type=kDataBlockBinaryAndHash;data_block_hash_table_util_ratio=0.75;";

        // As much as the first level holds when it is compacted, so that neither is rewritten for little of the other.
        long baseBytes = 4 * options.WriteBufferBytes;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"write_buffer_size={options.WriteBufferBytes};max_write_buffer_number={options.MaxWriteBuffers};max_bytes_for_level_base={baseBytes};level_compaction_dynamic_level_bytes=true;{Compress(options.Compression)}block_based_table_factory={{block_size={options.BlockBytes};whole_key_filtering=true;{hashed}{filter}{cache}}};");
    }

    private static string Compress(RocksDbCompression compression)
    {
        if (compression == RocksDbCompression.Auto)
        {
            RocksDbCompression[] inOrder = [RocksDbCompression.Lz4, RocksDbCompression.Snappy, RocksDbCompression.Zstandard];
            compression = inOrder.FirstOrDefault(IsSupported, RocksDbCompression.None);
        }
        else if (!IsSupported(compression))
        {
            throw new StorageException(
                StorageErrorCode.Unsupported,
                $"This librocksdb ({RocksDbLibrary.Location}) was built without {compression}; set {nameof(RocksDbOptions.Compression)} to {nameof(RocksDbCompression.Auto)}.");
        }

        return $"compression={NativeName(compression)};";
    }

    private static string NativeName(RocksDbCompression compression) => compression switch
    {
        RocksDbCompression.Snappy => "kSnappyCompression",
        RocksDbCompression.Lz4 => "kLZ4Compression",
        RocksDbCompression.Zstandard => "kZSTD",
        _ => "kNoCompression",
    };

    /// <summary>Whether the library was built with a compression: it refuses to open a database, here in memory, otherwise.</summary>
    private static bool IsSupported(RocksDbCompression compression)
    {
        if (compression == RocksDbCompression.None)
        {
            return true;
        }

        lock (ProbeGate)
        {
            if (!Supported.TryGetValue(compression, out bool supported))
            {
                supported = Probe(compression);
                Supported.Add(compression, supported);
            }

            return supported;
        }
    }

    private static bool Probe(RocksDbCompression compression)
    {
        using OptionsHandle options = OptionsHandle.Parse($"create_if_missing=true;compression={NativeName(compression)};");
        using var memory = new EnvironmentHandle(RocksDbApi.rocksdb_create_mem_env());
        RocksDbApi.rocksdb_options_set_env(options, memory);
        nint error = 0;
        nint db = RocksDbApi.rocksdb_open(options, "/probe", ref error);
        if (error != 0)
        {
            NativeError.Take(error);
            return false;
        }

        RocksDbApi.rocksdb_close(db);
        return true;
    }
}
