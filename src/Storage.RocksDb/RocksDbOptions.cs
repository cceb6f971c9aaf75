using WsStorage.Core.Feed;

namespace WsStorage.RocksDb;

/// <summary>How a <see cref="RocksDbStorage"/> is opened and tuned. The defaults serve a store of some GiB on a small machine.</summary>
public sealed record RocksDbOptions
{
    /// <summary>The smallest commit log, in bytes: 1 MiB.</summary>
    public const long MinCommitLogBytes = 1024 * 1024;

    private readonly long? _commitLogMaxBytes;

    /// <summary>
    /// Opens the store for reading only: nothing is created or changed, writes are refused, and what another process writes
    /// after the opening is not seen. Works while another process has the store open.
    /// </summary>
    public bool ReadOnly { get; init; }

    /// <summary>Creates the store when the directory is missing or empty. Default: yes.</summary>
    public bool CreateIfMissing { get; init; } = true;

    /// <summary>When a write is acknowledged: <see cref="Durability.Synced"/> (default) or <see cref="Durability.Buffered"/>.</summary>
    public Durability Durability { get; init; } = Durability.Synced;

    /// <summary>What the store takes at the most.</summary>
    public StorageLimits Limits { get; init; } = StorageLimits.Default;

    /// <summary>
    /// How many bytes of history the commit log keeps, at least; older history is trimmed once there is an eighth more.
    /// Default: 1 GiB. 0 switches the log off, for stores that nobody follows: the position is kept, history is not.
    /// <see cref="long.MaxValue"/> never trims.
    /// </summary>
    public long CommitLogBytes { get; init; } = 1L << 30;

    /// <summary>
    /// For how long the commit log keeps history, at least; older history is trimmed once it is an eighth older, when something
    /// is committed and when the store is opened, however few bytes it has. Default: none, only <see cref="CommitLogBytes"/>
    /// counts.
    /// </summary>
    public TimeSpan? CommitLogAge { get; init; }

    /// <summary>
    /// How many bytes of history followers can hold back at the most (<see cref="IStorage.KeepHistoryAsync"/>): beyond, the
    /// oldest goes and they have to read anew. Default: four times <see cref="CommitLogBytes"/>, and at least 4 GiB.
    /// </summary>
    public long CommitLogMaxBytes
    {
        get => _commitLogMaxBytes ?? Math.Max(4L << 30, CommitLogBytes > long.MaxValue / 4 ? long.MaxValue : 4 * CommitLogBytes);
        init => _commitLogMaxBytes = value;
    }

    /// <summary>How long a session of numbered writes is remembered after its last use, at least
    /// (<see cref="IExactlyOnceStorage"/>). Default: 7 days.</summary>
    public TimeSpan SessionRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Whether history keeps what each key held before it was changed, for watches that ask for it
    /// (<see cref="WatchOptions.PreviousValues"/>). Each put and removal then reads its key first. Default: no.
    /// </summary>
    public bool LogPreviousValues { get; init; }

    /// <summary>
    /// How many bytes of what was committed last are kept in memory, while there are watches, until these have been told; the last
    /// group of batches is kept in any case. What they have been told is let go of but for 1 MiB, unless there is no commit log. One that
    /// falls further behind reads the commit log, and is refused with <see cref="StorageErrorCode.Compacted"/> where that is off. From 64 KiB to 1 TiB. Default: 16 MiB.
    /// </summary>
    public long WatchTailBytes { get; init; } = 16L << 20;

    /// <summary>
    /// How many bytes of batches may wait for the committing thread; a write beyond is refused with
    /// <see cref="StorageErrorCode.LimitExceeded"/>. A batch that finds nothing waiting is always taken. Default: 256 MiB.
    /// </summary>
    public long MaxPendingBytes { get; init; } = 256L << 20;

    /// <summary>
    /// How many checkpoints there may be whose files are handed out (<see cref="ICheckpointStorage"/>), from 0, for none, to
    /// 1,000. Each keeps files on the disk that the store may need no more. Default: 4.
    /// </summary>
    public int MaxCheckpoints { get; init; } = 4;

    /// <summary>How long such a checkpoint is kept after it was made, read, or found at the opening of the store. Default: 15
    /// minutes.</summary>
    public TimeSpan CheckpointRetention { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The cache of uncompressed blocks, in bytes. Default: 256 MiB.</summary>
    public long BlockCacheBytes { get; init; } = 256L << 20;

    /// <summary>
    /// The memory for the rows that were read last, in bytes: to get one of them again takes no search in RocksDB's files. 0: none.
    /// Otherwise at least 1 MiB. Taken when rows are read. Default: 64 MiB.
    /// </summary>
    /// <remarks>For the cache to be of use, it should hold what is read again and again: about 40 bytes for each row, beside key and
    /// value. A removal of a range empties it.</remarks>
    public long RowCacheBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Whether the indexes and filters of files lie in the block cache, and so within its bound, in the place of memory of
    /// their own: about 2 bytes for each key. Default: no, since threads that read then contend for their blocks.
    /// </summary>
    public bool CacheIndexAndFilters { get; init; }

    /// <summary>
    /// How much of the newest data is collected in memory before it is written out as a file, in bytes: small favours puts, whose
    /// place in it is found sooner, large favours fewer files and compactions. Default: 16 MiB.
    /// </summary>
    public long WriteBufferBytes { get; init; } = 16L << 20;

    /// <summary>How many write buffers may exist, the ones being written out included, before writers wait. Default: 6.</summary>
    public int MaxWriteBuffers { get; init; } = 6;

    /// <summary>How blocks are compressed. Default: the best this library has.</summary>
    public RocksDbCompression Compression { get; init; }

    /// <summary>
    /// The size of a block before compression, in bytes: small favours gets of what is not in the cache, large favours the others,
    /// scans and size. Default: 16 KiB.
    /// </summary>
    public int BlockBytes { get; init; } = 16384;

    /// <summary>Bits of Bloom filter for each key, by which files that lack a key are passed over; 0 for none. Default: 10.</summary>
    public int BloomBitsPerKey { get; init; } = 10;

    /// <summary>How many flushes and compactions may run at once. Default: the number of processors, from 2 to 8.</summary>
    public int MaxBackgroundJobs { get; init; } = Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>How many files may be held open, or -1 for all. Default: -1, the fastest.</summary>
    public int MaxOpenFiles { get; init; } = -1;

    /// <summary>How far a scan reads ahead of itself, in bytes; 0 leaves it to RocksDB, which adapts. Default: 0.</summary>
    public long ScanReadaheadBytes { get; init; }

    /// <summary>Whether the blocks that scans read go into the block cache; off keeps large scans from emptying it. Default: yes.</summary>
    public bool ScansFillBlockCache { get; init; } = true;

    /// <summary>
    /// More options of RocksDB, for what has none here, in its own form (<c>name=value;name=value</c>); they win over those
    /// above. Not <c>row_cache</c>: RocksDB refuses range removals with it; see <see cref="RowCacheBytes"/>. Default: none.
    /// </summary>
    /// <remarks>Source: RocksDB's <c>options.h</c> and <c>convenience.h</c>, <c>GetOptionsFromString</c>.</remarks>
    public string NativeOptions { get; init; } = "";

    /// <summary>The clock of commit times, of what is kept for a time, of sessions and progress marks. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Refuses what makes no sense, with a message that names the option and the bounds.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>.</exception>
    public void Validate()
    {
        Limits.Validate();
        if (Durability is not (Durability.Synced or Durability.Buffered))
        {
            throw StorageException.InvalidArgument(
                $"{nameof(Durability)} is {Durability}; a RocksDB store is {nameof(Durability.Synced)} or {nameof(Durability.Buffered)}.");
        }

        if (CommitLogBytes is < 0 or (> 0 and < MinCommitLogBytes))
        {
            throw StorageException.InvalidArgument(
                $"{nameof(CommitLogBytes)} is {CommitLogBytes}; it must be 0, for no log, or at least {MinCommitLogBytes}.");
        }

        CheckRetention();
        Check(nameof(WatchTailBytes), WatchTailBytes, ChangeFeedOptions.MinTailBytes, 1L << 40);
        Check(nameof(MaxPendingBytes), MaxPendingBytes, 1, long.MaxValue);
        Check(nameof(MaxCheckpoints), MaxCheckpoints, 0, 1000);
        Check(nameof(CheckpointRetention), CheckpointRetention);
        Check(nameof(BlockCacheBytes), BlockCacheBytes, 0, 1L << 50);
        if (RowCacheBytes != 0)
        {
            Check(nameof(RowCacheBytes), RowCacheBytes, 1L << 20, 64L << 30);
        }

        Check(nameof(WriteBufferBytes), WriteBufferBytes, 64 * 1024, 1L << 40);
        Check(nameof(MaxWriteBuffers), MaxWriteBuffers, 2, 64);
        Check(nameof(BlockBytes), BlockBytes, 1024, 4 * 1024 * 1024);
        Check(nameof(BloomBitsPerKey), BloomBitsPerKey, 0, 64);
        Check(nameof(MaxBackgroundJobs), MaxBackgroundJobs, 2, 256);
        Check(nameof(MaxOpenFiles), MaxOpenFiles, -1, int.MaxValue);
        Check(nameof(ScanReadaheadBytes), ScanReadaheadBytes, 0, 1L << 30);
        if (CacheIndexAndFilters && BlockCacheBytes == 0)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(CacheIndexAndFilters)} is set and {nameof(BlockCacheBytes)} is 0; a cache that holds indexes needs room.");
        }

        if (!Enum.IsDefined(Compression))
        {
            throw StorageException.InvalidArgument($"{nameof(Compression)} is {(int)Compression}, which names no compression.");
        }

        if (ReadOnly && Durability != Durability.Synced)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(ReadOnly)} is set and {nameof(Durability)} is {Durability}; a store that is not written has no durability to choose.");
        }
    }

    private void CheckRetention()
    {
        if (CommitLogAge is { } age)
        {
            Check(nameof(CommitLogAge), age);
        }

        Check(nameof(SessionRetention), SessionRetention);
        if (CommitLogMaxBytes < CommitLogBytes)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(CommitLogMaxBytes)} is {CommitLogMaxBytes} and {nameof(CommitLogBytes)} is {CommitLogBytes}; what followers can hold back is not less than what is kept without them.");
        }

        if (CommitLogBytes == 0 && (CommitLogAge is not null || _commitLogMaxBytes is not null))
        {
            throw StorageException.InvalidArgument(
                $"{nameof(CommitLogBytes)} is 0, for no log, and {(CommitLogAge is null ? nameof(CommitLogMaxBytes) : nameof(CommitLogAge))} is set; without a log there is no history to keep.");
        }
    }

    private static void Check(string name, TimeSpan value)
    {
        TimeSpan most = TimeSpan.FromDays(36_500);
        if (value < TimeSpan.FromSeconds(1) || value > most)
        {
            throw StorageException.InvalidArgument($"{name} is {value}; it must be from one second to {most.Days} days.");
        }
    }

    private static void Check(string name, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            throw StorageException.InvalidArgument($"{name} is {value}; it must be from {least} to {most}.");
        }
    }
}

/// <summary>How blocks on the disk are compressed.</summary>
public enum RocksDbCompression
{
    /// <summary>LZ4 when the library has it, else Snappy, else Zstandard, else none.</summary>
    Auto,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>Snappy.</summary>
    Snappy,

    /// <summary>LZ4: fast.</summary>
    Lz4,

    /// <summary>Zstandard: small.</summary>
    Zstandard,
}
