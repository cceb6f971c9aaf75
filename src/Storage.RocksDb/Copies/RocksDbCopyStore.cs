using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.Native;
using WsStorage.RocksDb.Opening;

namespace WsStorage.RocksDb.Copies;

/// <summary>
/// A replica's copies in a directory, on librocksdb: the current one, and the next one while it is built beside it. Each is an
/// ordinary store in a directory of its own (<c>copy-1</c>), which others can open for reading only; a file names the current
/// one, and is replaced in one step.
/// </summary>
/// <remarks>
/// <para>Not thread-safe, as <see cref="ICopyStore"/> says; its copies are. One process at a time has the directory.</para>
/// <para><see cref="Durability.Buffered"/> is right for copies, and the default here: rows and how far they are are lost
/// together when the machine dies, and what is lost is fetched again. What is promoted was brought to the disk before.</para>
/// <para>While the next copy is built there are two of everything that <see cref="RocksDbOptions"/> bounds, caches
/// included.</para>
/// </remarks>
public sealed partial class RocksDbCopyStore : ICopyStore
{
    private readonly CopyDirectory _directory;
    private readonly RocksDbOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<ReplacedCopy> _replaced = [];
    private RocksDbCopy? _current;
    private RocksDbCopy? _next;
    private bool _closed;

    private RocksDbCopyStore(CopyDirectory directory, RocksDbOptions options, ILogger logger)
    {
        _directory = directory;
        _options = options;
        _logger = logger;
    }

    /// <inheritdoc/>
    public ICopy? Current => _current;

    /// <inheritdoc/>
    public ICopy? Next => _next;

    /// <summary>Opens the copies in a directory, and goes on where an earlier process was; blocks while RocksDB recovers what was
    /// written last. What that process had begun to remove is removed.</summary>
    /// <param name="directory">The directory. Missing or empty, it gets copies, unless the options say otherwise.</param>
    /// <param name="options">How each copy is opened; the defaults, but <see cref="Durability.Buffered"/>, if null.</param>
    /// <param name="loggerFactory">Where to log; nowhere if null.</param>
    /// <returns>The copies, to be disposed of.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Locked"/>: another process, or this one, has them open.
    /// <see cref="StorageErrorCode.InvalidArgument"/>: the options, or a directory with other content. Others as those of
    /// <see cref="RocksDbStorage.Open"/>.</exception>
    public static RocksDbCopyStore Open(string directory, RocksDbOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new RocksDbOptions { Durability = Durability.Buffered };
        Check(options);
        ILogger logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<RocksDbCopyStore>();
        CopyDirectory opened = CopyDirectory.Open(directory, options.CreateIfMissing, logger);
        var store = new RocksDbCopyStore(opened, options, logger);
        try
        {
            store.Recover();
            return store;
        }
        catch
        {
            // Another may have the directory as soon as the thread of a copy that was opened has ended.
            _ = store.DisposeAsync().AsTask();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ICopy> BeginAsync(
        IReadOnlyList<KeyRange> ranges, Position start, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        KeyRange[] own = [.. ranges.Select(range => KeyRange.Between(range.Start.ToArray(), range.End.ToArray()))];
        Array.ForEach(own, range => range.CheckBounds());
        await DropNextAsync(cancellationToken).ConfigureAwait(false);
        ulong number = _directory.NextNumber();
        try
        {
            _next = await Task.Run(() => OpenCopy(number, new CopyBeginning(own, start)), CancellationToken.None).ConfigureAwait(false);
        }
        catch
        {
            _directory.Drop(number);
            throw;
        }

        Log.CopyBegun(_logger, _directory.PathOf(number), start);
        return _next;
    }

    /// <inheritdoc/>
    public async ValueTask DropNextAsync(CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        if (_next is { } next)
        {
            _next = null;
            await next.DisposeAsync().ConfigureAwait(false);
            _directory.Drop(next.Number);
        }

        DropReceipt();
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable?> PromoteAsync(CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        CopyRules.CheckPromote(_next?.State);
        RocksDbCopy next = _next!;
        await next.Storage.EndLoadAsync().ConfigureAwait(false);
        _directory.SetCurrent(next.Number);

        // From here on it is the current one, whatever fails: what the file names is never dropped.
        ReplacedCopy? replaced = _current is null ? null : new ReplacedCopy(this, _current);
        (_current, _next) = (next, null);
        if (replaced is not null)
        {
            lock (_gate)
            {
                _replaced.Add(replaced);
            }
        }

        _directory.Sync();
        replaced?.AllowDrop();
        Log.CopyPromoted(_logger, _directory.PathOf(next.Number), next.State.Position);
        return replaced;
    }

    /// <summary>Closes the copies, those that were replaced included, and lets others have the directory.</summary>
    /// <returns>Completes when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        ReplacedCopy[] replaced;
        lock (_gate)
        {
            replaced = [.. _replaced];
        }

        foreach (ReplacedCopy each in replaced)
        {
            await each.DisposeAsync().ConfigureAwait(false);
        }

        if (_next is not null)
        {
            await _next.DisposeAsync().ConfigureAwait(false);
        }

        if (_current is not null)
        {
            await _current.DisposeAsync().ConfigureAwait(false);
        }

        _receipt?.Dispose();
        _directory.Dispose();
    }

    private static void Check(RocksDbOptions options)
    {
        options.Validate();
        if (options.ReadOnly)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(RocksDbOptions.ReadOnly)} is set; copies are written by what they take over. Open the directory of a copy with {nameof(RocksDbStorage)} to read it.");
        }

        if (options.LogPreviousValues)
        {
            throw StorageException.InvalidArgument(
                $"{nameof(RocksDbOptions.LogPreviousValues)} is set; the history of a copy is that of its source, without previous values.");
        }
    }

    private void Check(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_closed)
        {
            throw new StorageException(StorageErrorCode.Closed, "The store of copies has been closed. Open it again.");
        }
    }

    private void Recover()
    {
        if (_directory.Current is { } current)
        {
            _current = OpenCopy(current, begins: null);
        }

        foreach (ulong number in _directory.List())
        {
            if (number == _directory.Current)
            {
                continue;
            }

            // What is below the current one was replaced by it.
            if (_next is not null || number < _directory.Current || !TryOpenNext(number))
            {
                _directory.Drop(number);
            }
        }

        RecoverReceipt();
    }

    private bool TryOpenNext(ulong number)
    {
        string path = _directory.PathOf(number);
        if (!StoreDirectory.HoldsDatabase(path))
        {
            return false;
        }

        try
        {
            _next = OpenCopy(number, begins: null);
            return true;
        }
        catch (StorageException e) when (e.Code == StorageErrorCode.Corrupt)
        {
            // Killed while it was begun, or damaged: it is built anew.
            Log.CopyUnusable(_logger, path, e.Message);
            return false;
        }
    }

    private RocksDbCopy OpenCopy(ulong number, CopyBeginning? begins)
    {
        string path = _directory.PathOf(number);
        return new RocksDbCopy(
            RocksDbStorage.OpenCopy(path, _options, begins, _logger),
            number,
            () => RocksDbStorage.OpenCopy(path, _options, begins: null, _logger));
    }

    /// <summary>The copy that was read before another was promoted.</summary>
    private sealed class ReplacedCopy(RocksDbCopyStore owner, RocksDbCopy copy) : IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private Task? _disposed;
        private bool _mayDrop;

        /// <summary>The change is on the disk: nobody will read this copy again.</summary>
        public void AllowDrop() => _mayDrop = true;

        public ValueTask DisposeAsync()
        {
            lock (_gate)
            {
                _disposed ??= CloseAsync();
                return new(_disposed);
            }
        }

        private async Task CloseAsync()
        {
            await copy.DisposeAsync().ConfigureAwait(false);
            if (_mayDrop)
            {
                owner._directory.Drop(copy.Number);
            }

            lock (owner._gate)
            {
                owner._replaced.Remove(this);
            }
        }
    }
}
