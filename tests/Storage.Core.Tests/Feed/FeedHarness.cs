using WsStorage.Core.Feed;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Feed;

/// <summary>A feed whose committing thread is the test, with a log in memory behind it.</summary>
internal sealed class FeedHarness : IDisposable
{
    private readonly ChangeGroupBuilder _builder = new(hasPrevious: false);
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(60));
    private ulong _hash;
    private ulong _revision;

    public FeedHarness(long tailBytes = 1 << 20, bool withLog = true, TimeProvider? time = null)
    {
        Feed = new ChangeFeed(
            new Position(Epoch, Revision.None, ChainHash.Seed),
            new ChangeFeedOptions { TailBytes = tailBytes, Log = withLog ? Log : null, TimeProvider = time ?? TimeProvider.System });
    }

    public Guid Epoch { get; } = Guid.NewGuid();

    public ChangeFeed Feed { get; }

    public RecordedLog Log { get; } = new();

    public CommittedHistory Committed { get; } = new();

    public Position Head => new(Epoch, new Revision(_revision), _hash);

    public CancellationToken Deadline => _deadline.Token;

    /// <summary>Commits puts of one value, each a batch, as one group.</summary>
    public Position Put(int valueBytes, params string[] keys) =>
        Commit([.. keys.Select(key => new ModelOperation[] { new(BatchOperationKind.Put, Bytes.Of(key), Bytes.Noise(valueBytes)) })]);

    /// <summary>Commits batches as one group.</summary>
    public Position Commit(params IReadOnlyList<ModelOperation>[] batches)
    {
        foreach (IReadOnlyList<ModelOperation> operations in batches)
        {
            WriteBatch batch = new WriteStep([], operations).ToBatch();
            _builder.Append(batch.PackedOperations, default);
            _hash = ChainHash.Append(_hash, new Revision(++_revision), batch.PackedOperations);
            Committed.Add(new Revision(_revision), operations);
        }

        return Publish(isSparse: false);
    }

    /// <summary>Commits a batch of a copy of some ranges: after a gap, with a hash that does not follow.</summary>
    public Position CommitSparse(int gap, params IReadOnlyList<ModelOperation> operations)
    {
        WriteBatch batch = new WriteStep([], operations).ToBatch();
        _builder.Append(batch.PackedOperations, default);
        _revision += (ulong)gap + 1;
        _hash = ~ChainHash.Append(_hash, new Revision(_revision), batch.PackedOperations);
        Committed.Add(new Revision(_revision), operations);
        return Publish(isSparse: true);
    }

    /// <summary>Commits puts as one batch of a copy of some ranges.</summary>
    public Position PutSparse(int gap, int valueBytes, params string[] keys) => CommitSparse(
        gap, [.. keys.Select(key => new ModelOperation(BatchOperationKind.Put, Bytes.Of(key), Bytes.Noise(valueBytes)))]);

    /// <summary>Lets a watch join the dispatcher, which it does when its reader waits, and tells it of a batch.</summary>
    /// <param name="watch">The watch.</param>
    /// <param name="key">A key that it watches.</param>
    /// <param name="joined">How many watches are to have joined then, this one included.</param>
    public async Task<ToldEvent> JoinAsync(WatchProbe watch, string key, int joined = 1)
    {
        Task<ToldEvent> next = watch.NextAsync();
        while (!next.IsCompleted && Feed.JoinedCount < joined)
        {
            await Task.Yield();
        }

        Put(10, key);
        return await next;
    }

    public Task<WatchProbe> WatchAsync(WatchOptions? options = null) => WatchProbe.StartAsync(Feed.WatchAsync(options ?? new(), Deadline));

    public void Dispose()
    {
        Feed.Dispose();
        _deadline.Dispose();
    }

    private Position Publish(bool isSparse)
    {
        ChangeGroup group = _builder.Build(new Revision(_revision), 0, _hash, isSparse);
        Log.Add(group);
        if (!Feed.TryAdvance(Head))
        {
            Feed.Publish(group);
        }

        return Head;
    }
}

/// <summary>A commit log in memory, which tells how often it was read.</summary>
internal sealed class RecordedLog : IChangeLog
{
    private readonly Lock _gate = new();
    private readonly List<ChangeGroup> _groups = [];
    private int _reads;

    public Revision Compacted { get; private set; }

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Called after each read.</summary>
    public Action? OnRead { get; set; }

    public void Add(ChangeGroup group)
    {
        lock (_gate)
        {
            _groups.Add(group);
        }
    }

    /// <summary>Removes the history up to a group's end.</summary>
    public void Trim(Revision through)
    {
        lock (_gate)
        {
            _groups.RemoveAll(group => group.Last <= through);
            Compacted = through;
        }
    }

    public void Read(Revision after, Revision through, int bytes, ICollection<ChangeGroup> groups)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _reads);
            if (after < Compacted)
            {
                throw new StorageException(StorageErrorCode.Compacted, "The history is gone.");
            }

            long taken = 0;
            foreach (ChangeGroup group in _groups.Where(group => group.Last > after && group.Last <= through))
            {
                if (taken < bytes)
                {
                    groups.Add(group);
                    taken += group.Body.Length;
                }
            }
        }

        OnRead?.Invoke();
    }
}
