using System.Buffers;
using WsStorage.Core.Feed;
using WsStorage.Core.Sessions;
using WsStorage.Core.Tree;

namespace WsStorage.Core;

/// <summary>
/// A store in the memory of this process: the reference for every other engine. Reads run beside each other; a write runs
/// alone. A scan, or a read of very many keys, pins one revision and then runs beside writes too.
/// </summary>
/// <remarks>
/// Every operation completes synchronously. <see cref="Durability.Volatile"/>: all is gone with the process.
/// </remarks>
public sealed partial class InMemoryStorage : IExactlyOnceStorage
{
    // Up to here a read is short enough for writers to wait; a longer one pins a revision, which makes them copy.
    private const int MaxKeysUnderLock = 256;

    private readonly ReaderWriterLockSlim _lock = new();
    private readonly StorageLimits _limits;
    private readonly Guid _epoch;
    private readonly TimeProvider _time;
    private readonly ChangeFeed _feed;
    private readonly ChangeGroupBuilder _group;
    private StoreState? _state;
    private bool _failed;

    /// <summary>Makes an empty store.</summary>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: the options contradict each
    /// other.</exception>
    public InMemoryStorage(InMemoryStorageOptions? options = null)
        : this(options ?? new InMemoryStorageOptions(), new Position(Guid.NewGuid(), Revision.None, ChainHash.Seed))
    {
    }

    /// <summary>Makes an empty store that goes on from a position.</summary>
    internal InMemoryStorage(InMemoryStorageOptions options, Position start)
    {
        options.Validate();
        _limits = options.Limits;
        _time = options.TimeProvider;
        _epoch = start.Epoch;
        _sessions = new SessionTable(options.SessionRetention);
        _state = new StoreState(start, options.KeepPreviousValues);
        _group = new ChangeGroupBuilder(options.KeepPreviousValues);
        _feed = new ChangeFeed(
            start,
            new ChangeFeedOptions
            {
                TailBytes = options.HistoryBytes,
                HeldTailBytes = options.MaxHistoryBytes,
                HeldAfter = FollowedFrom,
                TimeProvider = options.TimeProvider,
            });
    }

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(ReadInfo());
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<StorageInfo>(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Row row = default;
            Revision revision = Find(new ReadOnlySpan<ReadOnlyMemory<byte>>(in key), new Span<Row>(ref row));
            return ValueTask.FromResult(new GetResult(CopyValue(row), revision));
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<GetResult>(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlyMemory<byte>[] wanted = [.. keys];
            var rows = new Row[wanted.Length];
            Revision revision = Find(wanted, rows);
            return ValueTask.FromResult(new GetManyResult(Array.ConvertAll(rows, CopyValue), revision));
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<GetManyResult>(exception);
        }
    }

    /// <inheritdoc/>
    public void ReadMany(ReadOnlySpan<ReadOnlyMemory<byte>> keys, IValueReceiver receiver)
    {
        // The receiver is called with no lock held: rows never change, so they can be handed out afterwards.
        Row[] rows = ArrayPool<Row>.Shared.Rent(keys.Length);
        try
        {
            receiver.OnRevision(Find(keys, rows));
            for (int i = 0; i < keys.Length; i++)
            {
                if (rows[i].IsAbsent)
                {
                    receiver.OnMissing(i);
                }
                else
                {
                    receiver.OnValue(i, rows[i].Value);
                }
            }
        }
        finally
        {
            rows.AsSpan(0, keys.Length).Clear();
            ArrayPool<Row>.Shared.Return(rows);
        }
    }

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            WriteResult result = default;
            Commit(new ReadOnlySpan<WriteBatch>(in batch), new Span<WriteResult>(ref result));
            return ValueTask.FromResult(result.EnsureExecuted());
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException<WriteResult>(exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteManyAsync(
        ReadOnlyMemory<WriteBatch> batches, Memory<WriteResult> results, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Commit(batches.Span, results.Span);
            return ValueTask.CompletedTask;
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            return ValueTask.FromException(exception);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        new InMemoryScan(this, options, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        _feed.WatchAsync(options, cancellationToken);

    /// <summary>Closes the store and lets go of its content. Later calls, and scans and watches that go on, are refused with
    /// <see cref="StorageErrorCode.Closed"/>.</summary>
    /// <returns>Is complete.</returns>
    public ValueTask DisposeAsync()
    {
        // The lock itself is not disposed of: calls that come too late still need it to be told so.
        _lock.EnterWriteLock();
        _state = null;
        _lock.ExitWriteLock();
        _feed.Close(Refusal);
        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps the rows of this moment for a reader.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    internal StoreSnapshot Pin()
    {
        _lock.EnterReadLock();
        try
        {
            return OpenState().Pin();
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    /// <summary>Refuses to go on once the store has been closed.</summary>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.Closed"/>.</exception>
    internal void CheckOpen()
    {
        if (Volatile.Read(ref _state) is null)
        {
            throw Refusal();
        }
    }

    private static byte[]? CopyValue(Row row) => row.IsAbsent ? null : row.Value.ToArray();

    private static void Find(Node root, ReadOnlySpan<ReadOnlyMemory<byte>> keys, Span<Row> rows)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            rows[i] = SortedTree.Find(root, keys[i].Span);
        }
    }

    private StoreState OpenState() => _state ?? throw Refusal();

    private StorageException Refusal() => _failed
        ? new(StorageErrorCode.Internal, "An earlier write failed in its middle, so the in-memory storage can't be trusted and has been closed. Make a new one.")
        : new(StorageErrorCode.Closed, "The in-memory storage has been closed and its content is gone. Make a new one.");

    internal StorageInfo ReadInfo()
    {
        _lock.EnterReadLock();
        try
        {
            StoreState state = OpenState();
            return new StorageInfo
            {
                Engine = "memory",
                Position = new Position(_epoch, state.Revision, state.Hash),
                CompactedRevision = _feed.TailStart,
                HistoryBytes = _feed.TailBytes,
                FollowerCount = CountFollowers(),
                ApproximateBytes = state.Root.ByteCount,
                ApproximateKeys = state.Root.RowCount,
                Durability = Durability.Volatile,
                Limits = _limits,
            };
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    private Revision Find(ReadOnlySpan<ReadOnlyMemory<byte>> keys, Span<Row> rows)
    {
        foreach (ReadOnlyMemory<byte> key in keys)
        {
            StorageLimits.CheckKey(key.Span);
        }

        if (keys.Length > MaxKeysUnderLock)
        {
            StoreSnapshot snapshot = Pin();
            Find(snapshot.Root, keys, rows);
            return snapshot.Revision;
        }

        _lock.EnterReadLock();
        try
        {
            StoreState state = OpenState();
            state.Find(keys, rows);
            return state.Revision;
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    private void Commit(ReadOnlySpan<WriteBatch> batches, Span<WriteResult> results)
    {
        try
        {
            CheckAndCommit(batches, results);
        }
        catch (StorageException exception) when (StampedFailure.HasResend(batches))
        {
            throw StampedFailure.Of(exception, batches);
        }
    }

    private void CheckAndCommit(ReadOnlySpan<WriteBatch> batches, Span<WriteResult> results)
    {
        if (results.Length < batches.Length)
        {
            throw StorageException.InvalidArgument(
                $"There is room for {results.Length} results of {batches.Length} batches; there must be room for all.");
        }

        // All are checked before the first is applied: after an exception, none has been.
        foreach (WriteBatch batch in batches)
        {
            _limits.Check(batch);
            StampedFailure.Check(batch);
        }

        _lock.EnterWriteLock();
        try
        {
            StoreState state = OpenState();
            for (int i = 0; i < batches.Length; i++)
            {
                WriteBatch batch = batches[i];
                Revision before = state.Revision;
                results[i] = batch.Stamp is { } stamp ? ApplyOnce(state, batch, stamp) : state.Apply(batch);

                // A batch that was applied at an earlier sending is in history already.
                if (state.Revision != before)
                {
                    _group.Append(batch.PackedOperations, state.Previous);
                }
            }

            if (_group.Count > 0)
            {
                _feed.Publish(_group.Build(state.Revision, Now(), state.Hash));
            }
        }
        catch (Exception exception) when (exception is not StorageException)
        {
            throw Fail(exception);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Batches change the rows in place: one that fails in its middle, such as for lack of memory, leaves a part.</summary>
    private StorageException Fail(Exception exception)
    {
        _failed = true;
        _state = null;
        _feed.Close(Refusal);
        return new StorageException(
            StorageErrorCode.Internal, "A write failed in its middle; the in-memory storage has been closed.", WriteOutcome.Unknown, exception);
    }
}
