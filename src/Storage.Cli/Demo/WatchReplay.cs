using WsStorage.Core;

namespace WsStorage.Cli.Demo;

/// <summary>
/// Follows the whole store from its first batch on, and replays what it is told into a store of its own in memory. Checks each
/// event: its revision comes right after the one before, and the chain of hashes leads from there to here.
/// </summary>
internal sealed class WatchReplay : IAsyncDisposable
{
    private readonly InMemoryStorage _replica = new();
    private readonly RecordBook _records = new();
    private readonly WriteBatch _batch = new();
    private readonly Lock _gate = new();
    private Position _position;
    private long _events;
    private ulong _awaited;
    private TaskCompletionSource? _reached;

    /// <summary>Begins before the first batch of a store.</summary>
    /// <param name="epoch">The store's epoch.</param>
    public WatchReplay(Guid epoch) => _position = new Position(epoch, default, ChainHash.Seed);

    /// <summary>How many batches it has been told of.</summary>
    public long Events => Interlocked.Read(ref _events);

    /// <summary>Follows until it is told to stop.</summary>
    /// <exception cref="DemoCheckException">Something was left out, repeated or changed.</exception>
    public async Task RunAsync(IStorage storage, CancellationToken stop)
    {
        try
        {
            await foreach (WatchEvent told in storage.WatchAsync(new WatchOptions { After = _position }, stop))
            {
                await ApplyAsync(told);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // All that was to be seen has been seen.
        }
    }

    /// <summary>Takes one event.</summary>
    /// <exception cref="DemoCheckException">It does not follow from what was told before.</exception>
    public async Task ApplyAsync(WatchEvent told)
    {
        if (told.Position.Epoch != _position.Epoch)
        {
            throw new DemoCheckException($"the watch went from epoch {_position.Epoch} to {told.Position.Epoch}");
        }

        if (told.Kind == WatchEventKind.Changes)
        {
            await ReplayAsync(told);
        }
        else if (told.Position != _position)
        {
            throw new DemoCheckException($"the watch says that it is complete up to {told.Position}, and had come to {_position}");
        }

        lock (_gate)
        {
            _position = told.Position;
            if (_position.Revision.Value >= _awaited)
            {
                _reached?.TrySetResult();
            }
        }
    }

    /// <summary>Completes when the watch has come to a revision.</summary>
    public Task WaitForAsync(ulong revision)
    {
        lock (_gate)
        {
            _awaited = revision;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_position.Revision.Value >= revision)
            {
                _reached.SetResult();
            }

            return _reached.Task;
        }
    }

    /// <summary>Says what came of it; after the last event.</summary>
    public async Task<WatchDigest> FinishAsync() => new(
        Events, _position.ToString(), _records.ToDigest(), await StoreDigest.ComputeAsync(_replica, CancellationToken.None));

    public ValueTask DisposeAsync() => _replica.DisposeAsync();

    private async Task ReplayAsync(WatchEvent told)
    {
        ulong last = _position.Revision.Value;
        if (told.Revision.Value != last + 1)
        {
            throw new DemoCheckException(told.Revision.Value <= last
                ? $"the watch repeated revision {told.Revision} after {last}"
                : $"the watch went from revision {last} to {told.Revision}");
        }

        ulong hash = ChainHash.Append(_position.Hash, told.Revision, told.PackedOperations.Span);
        if (hash != told.Position.Hash)
        {
            throw new DemoCheckException($"the batch of revision {told.Revision} does not lead to the hash of its position");
        }

        foreach (Change change in told)
        {
            if (DemoKeys.IsRecord(change.Key.Span, out long number))
            {
                _records.Add(number, told.Revision);
            }
        }

        await _replica.WriteAsync(_batch.Load([], told.PackedOperations.Span));
        Interlocked.Increment(ref _events);
    }
}

/// <summary>What a watch of the whole store has told, from the first batch to the last.</summary>
/// <param name="Events">How many batches.</param>
/// <param name="Position">Where it came to: epoch, revision, and the hash over all batches.</param>
/// <param name="Records">The records in these batches.</param>
/// <param name="Replica">What comes of applying the batches one after the other.</param>
internal sealed record WatchDigest(long Events, string Position, RecordDigest Records, StoreDigest Replica);
