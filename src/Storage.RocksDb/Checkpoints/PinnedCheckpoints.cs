using Microsoft.Extensions.Logging;
using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Checkpoints;

/// <summary>
/// The checkpoints that a store hands out, in a directory inside it, where they can be hard links whatever is mounted beside
/// it. Each stays until it is released, or until nobody has read it for a time. Thread-safe.
/// </summary>
internal sealed class PinnedCheckpoints : IAsyncDisposable
{
    /// <summary>The directory inside the store. RocksDB passes over names that are not its own.</summary>
    public const string DirectoryName = "wsstorage.checkpoints";

    /// <summary>The format of the files (<see cref="CheckpointInfo.Format"/>).</summary>
    public const string Format = "rocksdb";

    /// <summary>Timers have no room for more than some weeks.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly string _store;
    private readonly string _directory;
    private readonly int _max;
    private readonly TimeSpan _retention;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<Guid, PinnedCheckpoint> _checkpoints = [];
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private int _making;
    private bool _disposed;

    /// <summary>Adopts the checkpoints that are there, as if they had just been read; what is incomplete is removed.</summary>
    /// <param name="store">The directory of the store, which is open for writing.</param>
    /// <param name="options">How many there may be, and for how long.</param>
    /// <param name="logger">Told of what goes.</param>
    public PinnedCheckpoints(string store, RocksDbOptions options, ILogger logger)
    {
        _store = store;
        _directory = Path.Combine(Path.GetFullPath(store), DirectoryName);
        _max = options.MaxCheckpoints;
        _retention = options.CheckpointRetention;
        _time = options.TimeProvider;
        _logger = logger;
        _timer = _time.CreateTimer(_ => ReleaseIdle(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Adopt();
    }

    /// <summary>The error of a checkpoint that is not there.</summary>
    public static StorageException ToUnknown(Guid checkpoint) => new(
        StorageErrorCode.NotFound,
        $"There is no checkpoint {checkpoint}: it was released, or nobody has read it for long. Make another.");

    /// <summary>Makes a checkpoint.</summary>
    /// <param name="database">The database.</param>
    /// <param name="position">A position that is committed already.</param>
    /// <exception cref="StorageException">As those of <see cref="ICheckpointStorage.CreateCheckpointAsync"/>.</exception>
    public CheckpointInfo Create(Database database, Position position)
    {
        if (_max == 0)
        {
            throw new StorageException(
                StorageErrorCode.Unsupported,
                $"The store in {_store} hands out no files: {nameof(RocksDbOptions.MaxCheckpoints)} is 0. Read its rows.");
        }

        lock (_lock)
        {
            if (_checkpoints.Count + _making >= _max)
            {
                throw new StorageException(
                    StorageErrorCode.LimitExceeded,
                    $"There are {_checkpoints.Count + _making} checkpoints of {_store}, at most {_max} ({nameof(RocksDbOptions.MaxCheckpoints)}). Release one, or wait: one that is not read for {_retention} is released.");
            }

            _making++;
        }

        PinnedCheckpoint? made = null;
        try
        {
            made = Make(database);
        }
        finally
        {
            lock (_lock)
            {
                _making--;
                if (made is not null)
                {
                    Add(made);
                }
            }
        }

        return new CheckpointInfo { Id = made.Id, Format = Format, Position = position, Files = made.Files };
    }

    /// <summary>Reads a piece of a file.</summary>
    /// <exception cref="StorageException">As those of <see cref="ICheckpointStorage.ReadCheckpointAsync"/>.</exception>
    public CheckpointPiece Read(Guid checkpoint, string file, long offset, int length)
    {
        if (length is < 1 or > CheckpointInfo.MaxPieceBytes)
        {
            throw StorageException.InvalidArgument(
                $"A piece of {length} bytes was asked for; it must be from 1 to {CheckpointInfo.MaxPieceBytes}.");
        }

        PinnedCheckpoint pinned;
        lock (_lock)
        {
            pinned = _checkpoints.GetValueOrDefault(checkpoint) ?? throw ToUnknown(checkpoint);
            pinned.LastUsed = _time.GetTimestamp();
        }

        byte[] piece = pinned.Read(file, offset, length);
        return new CheckpointPiece(piece, XxHash64.Hash(piece, seed: 0));
    }

    /// <summary>Removes a checkpoint, if it is there.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.IOError"/>.</exception>
    public void Release(Guid checkpoint)
    {
        PinnedCheckpoint? released;
        lock (_lock)
        {
            _checkpoints.Remove(checkpoint, out released);
        }

        if (released is not null)
        {
            Remove(released);
        }
    }

    /// <summary>Closes the files; the checkpoints stay for whoever opens the store next. Nobody may be inside.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (PinnedCheckpoint checkpoint in _checkpoints.Values)
        {
            checkpoint.Dispose();
        }
    }

    private PinnedCheckpoint Make(Database database)
    {
        var id = Guid.NewGuid();
        string directory = Path.Combine(_directory, id.ToString("D"));
        try
        {
            Directory.CreateDirectory(_directory);
            DatabaseCheckpoint.Create(database, directory);
            return new PinnedCheckpoint(id, directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ToFailure($"A checkpoint of {_store} could not be made", e);
        }
    }

    private void Remove(PinnedCheckpoint checkpoint)
    {
        checkpoint.Dispose();
        try
        {
            checkpoint.Remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ToFailure($"The checkpoint {checkpoint.Id} of {_store} could not be removed; its files take room until the store is opened again", e);
        }
    }

    private static StorageException ToFailure(string what, Exception e) => new(
        Opening.DiskSpace.IsFull(e) ? StorageErrorCode.DiskFull : StorageErrorCode.IOError, $"{what}: {e.Message}", WriteOutcome.NotApplied, e);

    private void Adopt()
    {
        if (!Directory.Exists(_directory))
        {
            return;
        }

        try
        {
            foreach (DirectoryInfo found in new DirectoryInfo(_directory).GetDirectories())
            {
                if (Guid.TryParseExact(found.Name, "D", out Guid id))
                {
                    Add(new PinnedCheckpoint(id, found.FullName));
                    Log.CheckpointAdopted(_logger, id, _store);
                }
                else
                {
                    // Its making, or its removal, was interrupted.
                    found.Delete(recursive: true);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They only take room: no reason not to open the store.
            Log.CheckpointsUnreadable(_logger, e, _directory);
        }
    }

    private void Add(PinnedCheckpoint checkpoint)
    {
        checkpoint.LastUsed = _time.GetTimestamp();
        _checkpoints.Add(checkpoint.Id, checkpoint);
        SetTimer();
    }

    private void SetTimer()
    {
        if (_checkpoints.Count > 0)
        {
            TimeSpan idle = _time.GetElapsedTime(_checkpoints.Values.Min(c => c.LastUsed));
            TimeSpan due = TimeSpan.FromMilliseconds(Math.Ceiling((_retention - idle).TotalMilliseconds));
            _timer.Change(TimeSpan.FromTicks(Math.Clamp(due.Ticks, 0, LongestWait.Ticks)), Timeout.InfiniteTimeSpan);
        }
    }

    private void ReleaseIdle()
    {
        PinnedCheckpoint[] idle;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            idle = [.. _checkpoints.Values.Where(c => _time.GetElapsedTime(c.LastUsed) >= _retention)];
            foreach (PinnedCheckpoint checkpoint in idle)
            {
                _checkpoints.Remove(checkpoint.Id);
            }

            SetTimer();
        }

        foreach (PinnedCheckpoint checkpoint in idle)
        {
            try
            {
                Remove(checkpoint);
                Log.CheckpointIdle(_logger, checkpoint.Id, _store, _retention);
            }
            catch (StorageException e)
            {
                Log.CheckpointStays(_logger, e, checkpoint.Id, _store);
            }
        }
    }
}
