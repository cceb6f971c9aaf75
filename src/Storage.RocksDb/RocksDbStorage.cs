using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Core.Feed;
using WsStorage.Core.Sessions;
using WsStorage.RocksDb.Checkpoints;
using WsStorage.RocksDb.Commit;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.History;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;
using WsStorage.RocksDb.Reading;

namespace WsStorage.RocksDb;

/// <summary>
/// A store in a directory, on librocksdb. The user's data lies plainly in RocksDB's default column family, so that an
/// existing RocksDB directory can be opened and other tools still read it; a commit log, a few facts, and what is
/// remembered of numbered writes lie in three column families beside it, and all others are left alone.
/// </summary>
/// <remarks>
/// <para>Thread-safe. Reads run on the calling thread and complete synchronously. Writes are committed by one thread of the
/// store's own, all that wait together, with one sync for all. No read shows a write whose sync may still fail: RocksDB
/// syncs its write-ahead log before the write becomes visible.</para>
/// <para>After a write that failed, with a full disk for instance, memory and disk may differ: the store goes on serving
/// reads and takes no further write until it is opened again. Nothing that was acknowledged is lost.</para>
/// <para>Other programs must not write to the directory: what they write has no revision and is in no log.</para>
/// </remarks>
public sealed partial class RocksDbStorage : IExactlyOnceStorage
{
    private readonly Database _database;
    private readonly string _directory;
    private readonly string _engine;
    private readonly RocksDbOptions _options;
    private readonly ILogger _logger;
    private readonly StorePosition _position;
    private readonly LogBounds _log = new();
    private readonly RowCache? _rows;
    private readonly ChangeFeed _feed;
    private readonly CommitPipeline? _pipeline;
    private readonly OperationGate _gate = new();
    private readonly OpenScans _scans = new();
    private readonly Lock _closing = new();
    private Task? _closed;

    private RocksDbStorage(string directory, RocksDbOptions options, ILogger logger, CopyOpening? opening = null)
    {
        _directory = directory;
        _options = options;
        _logger = logger;
        _rows = options.RowCacheBytes == 0 ? null : new RowCache(options.RowCacheBytes);
        _database = DatabaseOpening.Open(directory, options);
        try
        {
            CopyContent? copy = CopyFacts.Open(_database, opening, directory, options.ReadOnly);
            _position = StoreRecovery.Recover(_database, _log, options, directory, logger);
            _feed = LogReader.OpenFeed(_database, _position, _gate, options);
            _engine = EngineVersion.Describe(directory, options.ReadOnly);
            _pipeline = options.ReadOnly ? null : new CommitPipeline(_database, _position, _feed, _log, _rows, options, logger);
            _copy = copy is null ? null : new CopyWriter(_database, _position, _feed, _log, copy, _rows, options);
            _checkpoints = options.ReadOnly ? null : new PinnedCheckpoints(directory, options, logger);
        }
        catch
        {
            _database.Dispose();
            throw;
        }

        Log.Opened(logger, directory, _engine, _position.Current);
    }

    /// <summary>Opens a store; blocks while RocksDB recovers what was written last.</summary>
    /// <param name="directory">The store's directory. Missing or empty, it gets a new store, unless the options say
    /// otherwise. A RocksDB directory made by another program is served as it is: what it holds is revision 1 of a new
    /// epoch.</param>
    /// <param name="options">How; the defaults if null.</param>
    /// <param name="loggerFactory">Where to log; nowhere if null.</param>
    /// <returns>The store, to be disposed of.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Locked"/>: another process, or this one, has it open.
    /// <see cref="StorageErrorCode.Corrupt"/>, <see cref="StorageErrorCode.UnsupportedVersion"/>,
    /// <see cref="StorageErrorCode.NotFound"/>, <see cref="StorageErrorCode.DiskFull"/> or
    /// <see cref="StorageErrorCode.IOError"/>: the directory. <see cref="StorageErrorCode.LibraryMissing"/>: librocksdb.
    /// <see cref="StorageErrorCode.InvalidArgument"/>: the options, or a directory with other content.</exception>
    public static RocksDbStorage Open(string directory, RocksDbOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new RocksDbOptions();
        options.Validate();
        return new(directory, options, (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<RocksDbStorage>());
    }

    /// <summary>
    /// Makes a new store of a checkpoint. It gets an epoch of its own, durably, before it is there: whoever follows the
    /// store that the checkpoint was made of is not misled.
    /// </summary>
    /// <param name="checkpointDirectory">What <see cref="CreateCheckpointAsync(string, CancellationToken)"/> made; not changed.</param>
    /// <param name="directory">Where the store is to be; missing or empty.</param>
    /// <param name="cancellationToken">Ends the copying and leaves nothing behind.</param>
    /// <returns>Completes when the store can be opened.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotFound"/>: there is no checkpoint.
    /// <see cref="StorageErrorCode.InvalidArgument"/>: the directory is not empty. Others as in <see cref="Open"/>.</exception>
    public static ValueTask RestoreAsync(
        string checkpointDirectory, string directory, CancellationToken cancellationToken = default) =>
        Restoring.RestoreAsync(checkpointDirectory, directory, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<StorageInfo>(cancellationToken);
        }

        try
        {
            return new(ReadInfo());
        }
        catch (StorageException e)
        {
            return ValueTask.FromException<StorageInfo>(e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetResult>(cancellationToken);
        }

        try
        {
            return new(Read(key.Span));
        }
        catch (StorageException e)
        {
            return ValueTask.FromException<GetResult>(e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetManyResult>(cancellationToken);
        }

        try
        {
            var receiver = new ArrayReceiver(keys.Count);
            ReadMany(keys as ReadOnlyMemory<byte>[] ?? [.. keys], receiver);
            return new(receiver.Result);
        }
        catch (StorageException e)
        {
            return ValueTask.FromException<GetManyResult>(e);
        }
    }

    /// <inheritdoc/>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        foreach (ReadOnlyMemory<byte> key in keys)
        {
            StorageLimits.CheckKey(key.Span);
        }

        _gate.Enter();
        try
        {
            receiver.OnRevision(_position.Revision);
            if (_rows is not null && keys.Length <= CachedRead.MaxKeys)
            {
                CachedRead.Read(_rows, _database, keys, receiver);
            }
            else
            {
                ManyReader.Read(_database, keys, receiver, pointInTime: !_options.ReadOnly);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<WriteResult>(cancellationToken);
        }

        try
        {
            _options.Limits.Check(batch);
            StampedFailure.Check(batch);
            return Writable().WriteAsync(batch, cancellationToken);
        }
        catch (StorageException e)
        {
            return ValueTask.FromException<WriteResult>(StampedFailure.Of(e, new ReadOnlySpan<WriteBatch>(in batch)));
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        try
        {
            if (results.Length < batches.Length)
            {
                throw StorageException.InvalidArgument($"There is room for {results.Length} results of {batches.Length} batches.");
            }

            long byteCount = 0;
            foreach (WriteBatch batch in batches.Span)
            {
                _options.Limits.Check(batch);
                StampedFailure.Check(batch);
                byteCount += batch.ByteCount;
            }

            return Writable().WriteManyAsync(batches, results, byteCount, cancellationToken);
        }
        catch (StorageException e)
        {
            return ValueTask.FromException(StampedFailure.Of(e, batches.Span));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ScanPage> ScanPagesAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options.Validate();
        if (options.Range.IsEmpty)
        {
            yield break;
        }

        using Scan scan = StartScan(options);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!scan.TryReadPage(out ScanPage page))
            {
                yield break;
            }

            yield return page;

            // Reading is bound by processor and disk: between pages, others get their turn on the thread.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        _feed.WatchAsync(options, cancellationToken);

    /// <summary>Closes the store: takes no more operations, completes those that run, ends open scans and watches
    /// with <see cref="StorageErrorCode.Closed"/>, brings everything to the disk and releases the directory.</summary>
    /// <returns>Completes when another may open the directory.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_closing)
        {
            _closed ??= CloseAsync();
            return new(_closed);
        }
    }

    /// <summary>The error of an operation on a closed store.</summary>
    internal static StorageException ToClosed() => new(StorageErrorCode.Closed, "The store has been closed.");

    private async Task CloseAsync()
    {
        if (_pipeline is not null)
        {
            await _pipeline.CloseAsync().ConfigureAwait(false);
            _pipeline.Dispose();
            _copy?.Dispose();
        }

        _feed.Close(ToClosed);
        await _gate.CloseAsync().ConfigureAwait(false);
        _scans.ReleaseAll();
        if (_checkpoints is not null)
        {
            await _checkpoints.DisposeAsync().ConfigureAwait(false);
        }

        // After a failed write nothing may touch the file that it failed on: RocksDB ends the process if built with assertions.
        if (_pipeline is { Failure: null })
        {
            try
            {
                _database.SyncWal();
            }
            catch (StorageException e)
            {
                Log.SyncOnCloseFailed(_logger, e, _directory);
            }
        }

        _database.Dispose();
        Log.Closed(_logger, _directory);
    }

    private GetResult Read(ReadOnlySpan<byte> key)
    {
        StorageLimits.CheckKey(key);
        _gate.Enter();
        try
        {
            Revision revision = _position.Revision;
            return new(SingleRead.Read(_database, _rows, key), revision);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private StorageInfo ReadInfo()
    {
        _gate.Enter();
        try
        {
            // In this order: what is gone is never ahead of the position.
            Revision compacted = _position.Compacted;
            Position position = _position.Current;
            return new StorageInfo
            {
                Engine = _engine,
                Position = position,
                CompactedRevision = compacted,
                HistoryBytes = (long)_log.ByteCount,
                FollowerCount = _pipeline?.Followers.Count(_options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds()) ?? 0,
                ApproximateBytes = _database.GetProperty(_database.Data, "rocksdb.estimate-live-data-size")
                    + _database.GetProperty(_database.Data, "rocksdb.cur-size-all-mem-tables"),
                ApproximateKeys = _database.GetProperty(_database.Data, "rocksdb.estimate-num-keys"),
                Durability = _options.Durability,
                IsReadOnly = _options.ReadOnly || _copy is not null,
                Limits = _options.Limits,
            };
        }
        finally
        {
            _gate.Exit();
        }
    }

    private Scan StartScan(ScanOptions options)
    {
        _gate.Enter();
        try
        {
            var scan = new Scan(_database, options, _options, _scans);
            _scans.Add(scan);
            return scan;
        }
        finally
        {
            _gate.Exit();
        }
    }
}
