using WsStorage.Core.Copies;

namespace WsStorage.Testing;

public abstract partial class CopyContract
{
    [Test]
    public async Task A_store_begins_without_copies()
    {
        Assert.That((Store.Current, Store.Next), Is.EqualTo(((ICopy?)null, (ICopy?)null)));
        await Store.DropNextAsync(Deadline);
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, async () => await Store.PromoteAsync(Deadline));
    }

    [Test]
    public async Task Only_what_is_whole_is_promoted()
    {
        await Source.PutAsync("k0", "1");
        Position start = await Source.PutAsync("k1", "1");
        ICopy copy = await Store.BeginAsync([], start, Deadline);
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, async () => await Store.PromoteAsync(Deadline));
        await ReadOnAsync(copy, rows: 1);
        await Source.PutAsync("k0", "2");
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, async () => await Store.PromoteAsync(Deadline));
        await ReadOnAsync(copy, rows: 1);
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, copy, async () => await Store.PromoteAsync(Deadline));
        Assert.That((Store.Current, Store.Next), Is.EqualTo(((ICopy?)null, copy)));

        await Source.CatchUpAsync(copy);
        Assert.That(await Store.PromoteAsync(Deadline), Is.Null, "there was none before");
        Assert.That((Store.Current, Store.Next), Is.EqualTo((copy, (ICopy?)null)));
        Assert.That(copy.State.Load, Is.Null);
        await AssertEqualAsync(copy);
    }

    [Test]
    public async Task A_copy_is_built_and_promoted_beside_the_one_that_is_read()
    {
        ICopy former = await CopyAsync();
        await Source.PutAsync("k0", "new");
        ICopy next = await Source.LoadAsync(Store, KeyRange.Prefix("k0"));
        Assert.That(Store.Current, Is.SameAs(former));
        Assert.That(Store.Next, Is.SameAs(next));
        Assert.That(await former.GetStringAsync("k0", Deadline), Is.EqualTo("0"));
        await Source.CatchUpAsync(former);
        await AssertEqualAsync(former);
        await AssertEqualAsync(next);

        IAsyncDisposable? replaced = await Store.PromoteAsync(Deadline);
        Assert.That(replaced, Is.Not.Null);
        Assert.That(Store.Current, Is.SameAs(next));
        Assert.That(await former.GetStringAsync("k1", Deadline), Is.EqualTo("1"), "it is open until it is disposed of");
        await replaced!.DisposeAsync();
        Assert.That(await Store.Current!.GetStringAsync("k1", Deadline), Is.Null);
        await AssertEqualAsync(Store.Current);
    }

    [Test]
    public async Task Whoever_reads_the_former_copy_reads_on_until_it_is_disposed_of()
    {
        ICopy former = await CopyAsync();
        await Source.CommitAsync([.. Enumerable.Range(0, 100).Select(i => new ModelOperation(BatchOperationKind.Put, Bytes.Numbered("m", i), Bytes.Noise(1000, i)))]);
        await Source.CatchUpAsync(former);
        IReadOnlyList<string> rows = await Source.RowsAsync(former);
        await using WatchProbe watch = await WatchAsync(former);
        await using IAsyncEnumerator<ScanPage> ending = await ScanAsync(former);
        await using IAsyncEnumerator<ScanPage> cut = await ScanAsync(former);

        await Source.LoadAsync(Store, KeyRange.Prefix("k0"));
        IAsyncDisposable? replaced = await Store.PromoteAsync(Deadline);
        List<string> read = [];
        do
        {
            read.AddRange(Show(ending.Current));
        }
        while (await ending.MoveNextAsync());

        Assert.That(read, Is.EqualTo(rows), "a scan that was open ends as if nothing had happened");
        Task<ToldEvent> next = watch.NextAsync();
        await replaced!.DisposeAsync();
        await AssertRefusedAsync(StorageErrorCode.Closed, () => next);
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await cut.MoveNextAsync());
        await AssertClosedAsync(former);

        async Task<IAsyncEnumerator<ScanPage>> ScanAsync(ICopy copy)
        {
            IAsyncEnumerator<ScanPage> scan =
                copy.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }, Deadline).GetAsyncEnumerator(Deadline);
            await scan.MoveNextAsync();
            return scan;
        }

        static IEnumerable<string> Show(ScanPage page)
        {
            foreach (ScanPage.Row row in page)
            {
                yield return $"{Bytes.Show(row.Key.ToArray())}={Bytes.Show(row.Value.ToArray())}";
            }
        }
    }

    [Test]
    public async Task What_is_being_built_is_dropped_or_makes_way_for_another()
    {
        ICopy current = await CopyAsync();
        ICopy dropped = await Store.BeginAsync([], await Source.HeadAsync(), Deadline);
        await ReadOnAsync(dropped, rows: 2);
        await Store.DropNextAsync(Deadline);
        Assert.That((Store.Current, Store.Next), Is.EqualTo((current, (ICopy?)null)));

        ICopy replaced = await Store.BeginAsync([], await Source.HeadAsync(), Deadline);
        await ReadOnAsync(replaced, rows: 2);
        ICopy other = await Store.BeginAsync([KeyRange.Prefix("k1")], await Source.HeadAsync(), Deadline);
        Assert.That((Store.Current, Store.Next), Is.EqualTo((current, other)));
        Assert.That(await Source.RowsAsync(other), Is.Empty);
        Assert.That(other.State.Ranges, Is.EqualTo([KeyRange.Prefix("k1")]));
        await AssertEqualAsync(current);
    }

    [Test]
    public async Task Both_copies_are_there_when_the_store_is_opened_again([Values] bool isOfAllKeys)
    {
        ICopy current = await CopyAsync(isOfAllKeys);
        await Source.PutAsync("elsewhere", "1");
        Position kept = await Source.PutAsync("k3", "new");
        await Source.PutAsync("k4", "new");
        await Source.CatchUpAsync(current);
        ICopy next = await Store.BeginAsync([KeyRange.Prefix("k"), KeyRange.From(Bytes.Of("x"))], kept, Deadline);
        await ReadOnAsync(next, rows: 2);
        (CopyState Current, CopyState Next) before = (current.State, next.State);
        await ReopenStoreAsync();
        AssertSame(Store.Current!.State, before.Current);
        AssertSame(Store.Next!.State, before.Next);
        await AssertEqualAsync(Store.Current);
        await using WatchProbe watch = await WatchAsync(Store.Current, new WatchOptions { After = kept });
        Assert.That((await watch.NextChangesAsync()).Position, Is.EqualTo(before.Current.Position));

        await ReadOnAsync(Store.Next, rows: 100);
        await Source.CatchUpAsync(Store.Next);
        IAsyncDisposable? replaced = await Store.PromoteAsync(Deadline);
        await ReopenStoreAsync();
        Assert.That(Store.Next, Is.Null);
        await AssertEqualAsync(Store.Current!);
        Assert.That(replaced, Is.Not.Null);
    }

    [Test]
    public async Task Closing_the_store_closes_its_copies()
    {
        ICopy current = await CopyAsync();
        ICopy next = await Store.BeginAsync([], await Source.HeadAsync(), Deadline);
        await Store.DisposeAsync();
        await AssertClosedAsync(current);
        await AssertClosedAsync(next);
        await Assert.ThatAsync(async () => await Store.DisposeAsync(), Throws.Nothing);
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await Store.BeginAsync([], default, Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await Store.PromoteAsync(Deadline));
    }

    private async Task AssertClosedAsync(ICopy copy)
    {
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await copy.GetInfoAsync(Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await copy.GetAsync(Bytes.Of("k0"), Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, () => Source.RowsAsync(copy));
        await AssertRefusedAsync(StorageErrorCode.Closed, () => WatchAsync(copy));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await copy.MendAsync(new WriteBatch().Remove("k0"), Deadline));
        await AssertRefusedAsync(StorageErrorCode.Closed, async () => await copy.WriteAsync(new WriteBatch().Remove("k0"), Deadline));
    }
}
