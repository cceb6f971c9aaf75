using WsStorage.Core.Copies;

namespace WsStorage.Testing;

public abstract partial class CopyContract
{
    [Test]
    public async Task A_copy_is_loaded_page_by_page_and_says_how_far_it_is()
    {
        for (int i = 0; i < 10; i++)
        {
            await Source.PutAsync($"k{i}", $"{i}");
        }

        Position start = await Source.HeadAsync();
        ICopy copy = await Store.BeginAsync([], start, Deadline);
        Assert.That(Store.Next, Is.SameAs(copy));
        Assert.That(copy.State.Load, Is.EqualTo(new CopyLoad { Start = start }));
        for (int pages = 1; pages <= 5; pages++)
        {
            await ReadOnAsync(copy, rows: 2);
            Assert.That(copy.State.Load!.Rows, Is.EqualTo(2 * pages));
            Assert.That(copy.State.Load.Last!.Value.ToArray(), Is.EqualTo(Bytes.Of($"k{(2 * pages) - 1}")));
            Assert.That(copy.State.Load.IsComplete, Is.EqualTo(pages == 5));
            Assert.That(copy.State.IsWhole, Is.EqualTo(pages == 5));
            Assert.That(copy.State.Position, Is.EqualTo(start));
            Assert.That(await Source.RowsAsync(copy), Is.EqualTo((await Source.RowsAsync(Source.Storage)).Take(2 * pages)));
        }

        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task A_load_goes_on_where_it_was_when_the_store_was_closed([Values] bool isOfAllKeys)
    {
        KeyRange[] ranges = isOfAllKeys ? [] : [KeyRange.Prefix("k"), KeyRange.Between(Bytes.Of("a"), Bytes.Of("b"))];
        await Source.PutAsync("z", "other");
        for (int i = 0; i < 10; i++)
        {
            await Source.PutAsync($"k{i}", $"{i}");
        }

        ICopy copy = await Store.BeginAsync(ranges, await Source.HeadAsync(), Deadline);
        while (copy.State.Load is { IsComplete: false })
        {
            await ReadOnAsync(copy, rows: 3);
            CopyState before = copy.State;
            IReadOnlyList<string> rows = await Source.RowsAsync(copy);
            await ReopenStoreAsync();
            copy = Store.Next!;
            AssertSame(copy.State, before);
            Assert.That(await Source.RowsAsync(copy), Is.EqualTo(rows));
            await Source.PutAsync("k2", "changed meanwhile");
        }

        await Source.CatchUpAsync(copy);
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task Rows_of_several_revisions_become_those_of_one()
    {
        for (int i = 0; i < 4; i++)
        {
            await Source.PutAsync($"k{i}", "old");
        }

        ICopy copy = await Store.BeginAsync([], await Source.HeadAsync(), Deadline);
        await ReadOnAsync(copy, rows: 2);
        await Source.CommitAsync(
            new ModelOperation(BatchOperationKind.Remove, Bytes.Of("k0"), []),
            new ModelOperation(BatchOperationKind.Put, Bytes.Of("k3"), Bytes.Of("new")));
        await Source.PutAsync("k9", "added");
        await ReadOnAsync(copy, rows: 100);
        await Source.PutAsync("k1", "after all");
        Assert.That((copy.State.Load!.IsComplete, copy.State.IsWhole), Is.EqualTo((true, false)));
        Assert.That(copy.State.Load.WholeAt.Value, Is.EqualTo(6));
        IReadOnlyList<CopiedBatch> batches = await Source.ReadBatchesAsync(copy.State.Position);
        foreach (CopiedBatch batch in batches)
        {
            await ApplyAsync(copy, batch);
            Assert.That(copy.State.IsWhole, Is.EqualTo(batch.Position.Revision.Value >= 6));
        }

        Assert.That(batches, Has.Count.EqualTo(3));
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task History_begins_where_the_load_did()
    {
        ICopy copy = await CopyAsync();
        StorageInfo info = await copy.GetInfoAsync(Deadline);
        Assert.That(info.CompactedRevision, Is.EqualTo(info.Revision));
        await AssertRefusedAsync(
            StorageErrorCode.Compacted, () => WatchAsync(copy, new WatchOptions { After = info.Position with { Revision = new Revision(4) } }));
        await using WatchProbe watch = await WatchAsync(copy, new WatchOptions { After = info.Position });
        await Source.PutAsync("k", "next");
        await Source.CatchUpAsync(copy);
        Assert.That((await watch.NextChangesAsync()).Position, Is.EqualTo(await Source.HeadAsync()));
    }

    [Test]
    public async Task What_is_empty_is_copied_too([Values] bool isOfAllKeys)
    {
        ICopy copy = await Source.LoadAsync(Store, isOfAllKeys ? [] : [KeyRange.Prefix("k")]);
        await AssertEqualAsync(copy);
        await Source.PutAsync("k", "1");
        await Source.CatchUpAsync(copy);
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task While_it_is_loaded_a_copy_is_neither_watched_nor_does_it_follow()
    {
        Position start = await Source.PutAsync("k", "1");
        ICopy copy = await Store.BeginAsync([], start, Deadline);
        IAsyncEnumerable<WatchEvent> early = copy.WatchAsync(new WatchOptions(), Deadline);
        await AssertRefusedAsync(StorageErrorCode.NotReady, copy, () => WatchProbe.StartAsync(early));
        await Source.PutAsync("k", "2");
        CopiedBatch[] next = [.. await Source.ReadBatchesAsync(start)];
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, () => ApplyAsync(copy, next));
        await ReadOnAsync(copy, rows: 100);
        await ApplyAsync(copy, next);
        await using WatchProbe watch = await WatchAsync(copy);
        Assert.That(watch.Start, Is.EqualTo(next[0].Position));
    }

    [Test]
    public async Task What_does_not_belong_to_the_load_is_refused()
    {
        await Source.PutAsync("k0", "1");
        Position start = await Source.PutAsync("k1", "1");
        ICopy copy = await Store.BeginAsync([], start, Deadline);
        (ReadOnlyMemory<byte> rows, CopyLoad load) = await Source.ReadRowsAsync(copy.State.Load!, [], count: 1);
        CopyLoad other = load with { Start = start with { Hash = start.Hash + 1 } };
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, async () => await copy.LoadAsync(rows, other, Deadline));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, async () => await copy.LoadAsync(rows[..^1], load, Deadline));
        await copy.LoadAsync(rows, load, Deadline);
        await ReadOnAsync(copy, rows: 100);
        await AssertRefusedAsync(
            StorageErrorCode.InvalidArgument, copy, async () => await copy.LoadAsync(default, copy.State.Load!, Deadline));
        await Store.PromoteAsync(Deadline);
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, async () => await copy.LoadAsync(rows, load, Deadline));
        await AssertEqualAsync(copy);
    }

    private async Task ReadOnAsync(ICopy copy, int rows)
    {
        (ReadOnlyMemory<byte> packed, CopyLoad load) = await Source.ReadRowsAsync(copy.State.Load!, copy.State.Ranges, rows);
        await copy.LoadAsync(packed, load, Deadline);
    }

    private static void AssertSame(CopyState state, CopyState expected)
    {
        Assert.That(state.Ranges, Is.EqualTo(expected.Ranges));
        Assert.That(state.Position, Is.EqualTo(expected.Position));
        Assert.That(state.Load is null, Is.EqualTo(expected.Load is null));
        Assert.That(state.Load?.Last?.ToArray(), Is.EqualTo(expected.Load?.Last?.ToArray()));
        Assert.That(state.Load is null ? null : state.Load with { Last = null }, Is.EqualTo(expected.Load is null ? null : expected.Load with { Last = null }));
    }
}
