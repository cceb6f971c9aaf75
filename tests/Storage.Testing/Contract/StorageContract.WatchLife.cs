namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task Many_watches_of_one_range_are_told_the_same()
    {
        var options = new WatchOptions { Range = KeyRange.Prefix("k") };
        WatchProbe[] watches = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => WatchAsync(options with { KeysOnly = i % 2 == 1 })));
        Revision last = await PutAsync("k1", "v");
        await WriteAsync(new WriteBatch().Put("other", "v"));
        foreach (WatchProbe watch in watches[..25])
        {
            // The first to leave, whether or not it was told yet.
            await watch.DisposeAsync();
        }

        last = (await WriteAsync(new WriteBatch().Put("k2", "v").Put("other", "v").Remove("k1"))).Revision;
        for (int i = 25; i < watches.Length; i++)
        {
            await watches[i].ReadThroughAsync(last);
            string value = i % 2 == 1 ? "" : "v";
            Assert.That(
                watches[i].Changes.SelectMany(told => told.Changes).Select(change => $"{change.Operation}"),
                Is.EqualTo([$"put \"k1\"=\"{value}\"", $"put \"k2\"=\"{value}\"", "remove \"k1\""]));
            await watches[i].DisposeAsync();
        }
    }

    [Test]
    public async Task Watches_of_many_ranges_are_told_each_of_its_own()
    {
        const int count = 60;
        WatchProbe[] watches = await Task.WhenAll(Enumerable.Range(0, count)
            .Select(i => WatchAsync(new WatchOptions { Range = KeyRange.Between(Bytes.Numbered("k", i), Bytes.Numbered("k", i + 3)) })));
        Revision last = Revision.None;
        for (int i = 0; i < count + 3; i++)
        {
            last = await Storage.PutAsync(Bytes.Numbered("k", i), B("v"), Deadline);
        }

        await Storage.RemoveRangeAsync(KeyRange.All, Deadline);
        for (int i = 0; i < count; i++)
        {
            await watches[i].ReadThroughAsync(last.Next);
            Assert.That(
                watches[i].Changes.SelectMany(told => told.Changes).Select(change => $"{change.Operation}"),
                Is.EqualTo([.. Enumerable.Range(i, 3).Select(n => $"put \"k{n:d6}\"=\"v\""), $"remove [\"k{i:d6}\", \"k{i + 3:d6}\")"]));
            await watches[i].DisposeAsync();
        }
    }

    [Test]
    public async Task A_watch_whose_reader_is_slow_loses_nothing_and_holds_nobody_up()
    {
        await using WatchProbe slow = await WatchAsync(new WatchOptions());
        await using WatchProbe quick = await WatchAsync(new WatchOptions());
        Task<ToldEvent> first = slow.NextAsync();
        Revision last = await PutAsync("first", "v");
        await first;
        await quick.ReadThroughAsync(last);
        for (int i = 0; i < 120; i++)
        {
            // The slow one reads nothing of this: 6 MB, several times what a watch may hold.
            last = await Storage.PutAsync(Bytes.Numbered("k", i), Bytes.Noise(50_000, i), Deadline);
            await quick.ReadThroughAsync(last);
        }

        await slow.ReadThroughAsync(last);
        Assert.That(slow.Changes.Select(told => $"{told}"), Is.EqualTo(quick.Changes.Select(told => $"{told}")));
        Assert.That(slow.Changes.Count(), Is.EqualTo(121));

        // It has caught up, and is told what is written now.
        Revision next = await PutAsync("next", "v");
        await slow.ReadThroughAsync(next);
        Assert.That(slow.Told[^1].Revision, Is.EqualTo(next));
    }

    [Test]
    public async Task Batches_as_large_as_they_may_be_are_told()
    {
        await using WatchProbe watch = await WatchAsync(new WatchOptions { Range = KeyRange.Prefix("k") });
        Task<ToldEvent> first = watch.NextAsync();
        Revision last = await PutAsync("k", "first");
        await first;
        for (int i = 0; i < 4; i++)
        {
            var batch = new WriteBatch();
            for (int n = 0; n < 3; n++)
            {
                batch.Put(Bytes.Numbered("k", n), Bytes.Noise(250_000, i + n));
            }

            last = (await WriteAsync(batch.Put("other", "v"))).Revision;
        }

        await watch.ReadThroughAsync(last);
        Assert.That(watch.Changes.Select(told => told.Changes.Count), Is.EqualTo([1, 3, 3, 3, 3]));
        Assert.That(watch.Changes.Last().Changes[2].Operation.Second, Is.EqualTo(Bytes.Noise(250_000, 5)));
    }

    [Test]
    public async Task Cancelling_ends_a_watch_that_waits_and_no_other()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        await using WatchProbe other = await WatchAsync(new WatchOptions());
        await using WatchProbe watch = await WatchProbe.StartAsync(Storage, new WatchOptions(), cancellation.Token);
        Task<ToldEvent> next = watch.NextAsync();
        await cancellation.CancelAsync();
        await AssertCancelledAsync(() => next);
        Revision put = await PutAsync("a", "1");
        Assert.That((await other.NextChangesAsync()).Revision, Is.EqualTo(put));
    }

    [Test]
    public async Task A_token_given_to_the_walk_ends_a_watch_too()
    {
        using var cancellation = new CancellationTokenSource();
        int events = 0;
        await AssertCancelledAsync(async () =>
        {
            await foreach (WatchEvent told in Storage.WatchAsync(new WatchOptions(), Deadline).WithCancellation(cancellation.Token))
            {
                Assert.That(told.Kind, Is.EqualTo(WatchEventKind.Progress));
                events++;
                await cancellation.CancelAsync();
            }
        });
        Assert.That(events, Is.EqualTo(1));
    }

    [Test]
    public async Task A_token_cancelled_beforehand_refuses_a_watch()
    {
        var cancelled = new CancellationToken(canceled: true);
        await AssertCancelledAsync(() => WatchProbe.StartAsync(Storage, new WatchOptions(), cancelled));
        await using WatchProbe watch = await WatchAsync(new WatchOptions());
        Revision put = await PutAsync("a", "1");
        Assert.That((await watch.NextChangesAsync()).Revision, Is.EqualTo(put), "the storage goes on");
    }

    [Test]
    public async Task A_watch_may_be_left_at_any_event()
    {
        Position start = (await Storage.GetInfoAsync(Deadline)).Position;
        await WriteAtOnceAsync(20);
        for (int left = 0; left < 20; left++)
        {
            int events = 0;
            await foreach (WatchEvent told in Storage.WatchAsync(new WatchOptions { After = start }, Deadline))
            {
                if (events++ == left)
                {
                    break;
                }

                Assert.That(told.Position.Epoch, Is.EqualTo(start.Epoch));
            }
        }

        IAsyncEnumerator<WatchEvent> unused = Storage.WatchAsync(new WatchOptions(), Deadline).GetAsyncEnumerator(Deadline);
        await unused.DisposeAsync();
        await PutAsync("a", "1");
    }

    [Test]
    public async Task Closing_ends_watches_with_closed([Values] bool waiting)
    {
        Requires(ContractFeature.ClosedAfterDispose);
        await using WatchProbe watch = await WatchAsync(new WatchOptions());
        Task<ToldEvent>? next = waiting ? watch.NextAsync() : null;
        await Storage.DisposeAsync();
        StorageException exception = (await Assert.ThrowsAsync<StorageException>(() => next ?? watch.NextAsync()))!;
        Assert.That(exception.Code, Is.EqualTo(StorageErrorCode.Closed), exception.Message);
    }
}
