using WsStorage.Core;
using WsStorage.Core.Copies;

namespace WsStorage.Testing;

/// <summary>A store in memory that is copied, read in the plainest way that a replica could.</summary>
/// <param name="deadline">Passed to every operation.</param>
public sealed class CopySource(CancellationToken deadline) : IAsyncDisposable
{
    /// <summary>The store.</summary>
    public InMemoryStorage Storage { get; } = new();

    /// <summary>What was committed through <see cref="CommitAsync"/> and <see cref="PutAsync"/>.</summary>
    public CommittedHistory Committed { get; } = new();

    /// <summary>Where the store is.</summary>
    /// <returns>Its position.</returns>
    public async Task<Position> HeadAsync() => (await Storage.GetInfoAsync(deadline)).Position;

    /// <summary>Commits a batch, unless it is empty.</summary>
    /// <param name="operations">Its operations.</param>
    /// <returns>The position after it.</returns>
    public async Task<Position> CommitAsync(params IReadOnlyList<ModelOperation> operations)
    {
        WriteResult result = await Storage.WriteAsync(new WriteStep([], operations).ToBatch(), deadline);
        if (operations.Count > 0)
        {
            Committed.Add(result.Revision, operations);
        }

        return await HeadAsync();
    }

    /// <summary>Commits a batch with one put.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>The position after it.</returns>
    public Task<Position> PutAsync(string key, string value) =>
        CommitAsync(new ModelOperation(BatchOperationKind.Put, Bytes.Of(key), Bytes.Of(value)));

    /// <summary>Reads the rows that come next in a load.</summary>
    /// <param name="load">How far it is.</param>
    /// <param name="ranges">The keys that are copied; empty for all.</param>
    /// <param name="count">How many rows.</param>
    /// <returns>The rows, packed, and how far the load is with them.</returns>
    public async Task<(ReadOnlyMemory<byte> Rows, CopyLoad Load)> ReadRowsAsync(
        CopyLoad load, IReadOnlyList<KeyRange> ranges, int count)
    {
        KeyRange rest = load.Last is { } last ? KeyRange.From(KeyRange.Single(last).End) : KeyRange.All;
        var page = new ScanPageBuilder(new ScanOptions { PageBytes = 1024 * 1024 }, default);
        bool isComplete = true;
        await foreach (Entry row in Storage.ScanAsync(rest, deadline))
        {
            if (ranges.Count > 0 && !ranges.Any(range => range.Contains(row.Key)))
            {
                continue;
            }

            if (count-- == 0)
            {
                isComplete = false;
                break;
            }

            page.Append(row.Key, row.Value);
            load = load with { Last = row.Key, Rows = load.Rows + 1, Bytes = load.Bytes + row.Key.Length + row.Value.Length };
        }

        // Asked for after the scan: it is never before the revision that was read.
        Revision revision = (await HeadAsync()).Revision;
        return (page.TakePage().Rows.ToArray(), load with { WholeAt = revision, IsComplete = isComplete });
    }

    /// <summary>Reads what was committed after a position, cut to ranges.</summary>
    /// <param name="after">The position.</param>
    /// <param name="ranges">The keys that are copied; empty for all.</param>
    /// <returns>The batches that touch the ranges.</returns>
    public async Task<IReadOnlyList<CopiedBatch>> ReadBatchesAsync(Position after, params IReadOnlyList<KeyRange> ranges)
    {
        List<CopiedBatch> batches = [];
        Position head = await HeadAsync();
        await using IAsyncEnumerator<WatchEvent> events =
            Storage.WatchAsync(new WatchOptions { After = after }, deadline).GetAsyncEnumerator(deadline);
        await events.MoveNextAsync();
        while (events.Current.Revision < head.Revision)
        {
            await events.MoveNextAsync();
            if (events.Current.Kind == WatchEventKind.Changes)
            {
                byte[] operations = Cut(events.Current.PackedOperations, ranges);
                if (operations.Length > 0)
                {
                    batches.Add(new CopiedBatch(events.Current.Position, events.Current.CommitTime, operations));
                }
            }
        }

        return batches;
    }

    /// <summary>A batch without operations that leads to where the store is.</summary>
    /// <returns>The batch.</returns>
    public async Task<CopiedBatch> ReadProgressAsync() => new(await HeadAsync(), default, default);

    /// <summary>Begins a copy and loads it, as far as the store is.</summary>
    /// <param name="store">Where.</param>
    /// <param name="ranges">The keys to copy; empty for all.</param>
    /// <returns>The copy, which is whole.</returns>
    public async Task<ICopy> LoadAsync(ICopyStore store, params IReadOnlyList<KeyRange> ranges)
    {
        ICopy copy = await store.BeginAsync(ranges, await HeadAsync(), deadline);
        while (!copy.State.Load!.IsComplete)
        {
            (ReadOnlyMemory<byte> rows, CopyLoad load) = await ReadRowsAsync(copy.State.Load, ranges, count: 100);
            await copy.LoadAsync(rows, load, deadline);
        }

        return copy;
    }

    /// <summary>Applies what was committed since, a batch at a time.</summary>
    /// <param name="copy">The copy.</param>
    /// <returns>Completes when the copy is where the store is.</returns>
    public async Task CatchUpAsync(ICopy copy)
    {
        foreach (CopiedBatch batch in await ReadBatchesAsync(copy.State.Position, copy.State.Ranges))
        {
            await copy.ApplyAsync(new[] { batch }, deadline);
        }

        if (copy.State.Position != await HeadAsync())
        {
            await copy.ApplyAsync(new[] { await ReadProgressAsync() }, deadline);
        }
    }

    /// <summary>All rows of some ranges as texts, read from a storage.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="ranges">The ranges; empty for all.</param>
    /// <returns>The rows in order.</returns>
    public async Task<IReadOnlyList<string>> RowsAsync(IStorage storage, params IReadOnlyList<KeyRange> ranges)
    {
        List<string> rows = [];
        await foreach (Entry row in storage.ScanAsync(KeyRange.All, deadline))
        {
            if (ranges.Count == 0 || ranges.Any(range => range.Contains(row.Key)))
            {
                rows.Add($"{Bytes.Show(row.Key)}={Bytes.Show(row.Value)}");
            }
        }

        return rows;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Storage.DisposeAsync();

    private static byte[] Cut(ReadOnlyMemory<byte> packed, IReadOnlyList<KeyRange> ranges)
    {
        if (ranges.Count == 0)
        {
            return packed.ToArray();
        }

        var cut = new WriteBatch();
        foreach (BatchOperation operation in new BatchOperations(packed.Span))
        {
            KeyRange own = operation.ToRange();
            foreach (KeyRange common in ranges.Select(range => range.Intersect(own)).Where(common => !common.IsEmpty))
            {
                _ = operation.Kind switch
                {
                    BatchOperationKind.Put => cut.Put(operation.Key, operation.Value),
                    BatchOperationKind.Remove => cut.Remove(operation.Key),
                    _ => cut.RemoveRange(common),
                };
            }
        }

        return cut.PackedOperations.ToArray();
    }
}
