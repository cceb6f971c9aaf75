using WsStorage.Core.Copies;

namespace WsStorage.Testing;

public abstract partial class CopyContract
{
    [Test]
    public async Task A_watch_of_a_copy_tells_what_one_of_the_source_does([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        var options = new WatchOptions { Range = KeyRange.Between(Bytes.Of("k2"), Bytes.Of("l")) };
        await using WatchProbe atSource = await WatchProbe.StartAsync(Source.Storage, options, Deadline);
        await using WatchProbe watch = await WatchAsync(copy, options);
        await CommitAnythingAsync(batches: 60);
        await Source.CatchUpAsync(copy);
        Position last = await Source.PutAsync("k3", "last");
        await Source.CatchUpAsync(copy);
        await atSource.ReadThroughAsync(last.Revision);
        await watch.ReadThroughAsync(last.Revision);
        Assert.That(watch.Start, Is.EqualTo(atSource.Start));
        Assert.That(
            watch.Changes.Select(told => $"{told} {told.Position} {told.CommitTime:O}"),
            Is.EqualTo(atSource.Changes.Select(told => $"{told} {told.Position} {told.CommitTime:O}")));
        new WatchGuarantees(Source.Committed, options, watch.Told).CheckAll();
    }

    [Test]
    public async Task Positions_of_the_source_are_good_at_the_copy_and_those_of_the_copy_at_the_source([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        await using WatchProbe everything = await WatchProbe.StartAsync(Source.Storage, new WatchOptions(), Deadline);
        await CommitAnythingAsync(batches: 20);
        Position last = await Source.PutAsync("k3", "last");
        await Source.CatchUpAsync(copy);
        await everything.ReadThroughAsync(last.Revision);
        var options = new WatchOptions { Range = KeyRange.Prefix("k") };
        Assert.That(everything.Told, Has.Count.EqualTo(22));
        foreach (Position position in everything.Told.Select(told => told.Position))
        {
            await using WatchProbe atSource = await WatchProbe.StartAsync(Source.Storage, options with { After = position }, Deadline);
            await using WatchProbe watch = await WatchAsync(copy, options with { After = position });
            Assert.That(watch.Start, Is.EqualTo(position));
            await atSource.ReadThroughAsync(last.Revision);
            await watch.ReadThroughAsync(last.Revision);
            Assert.That(watch.Changes.Select(told => $"{told.Position} {told}"), Is.EqualTo(atSource.Changes.Select(told => $"{told.Position} {told}")));
            foreach (ToldEvent told in watch.Told)
            {
                await using WatchProbe back = await WatchProbe.StartAsync(Source.Storage, options with { After = told.Position }, Deadline);
            }
        }
    }

    [Test]
    public async Task Positions_that_the_source_would_refuse_are_refused([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        Position known = await Source.PutAsync("k0", "1");
        await Source.PutAsync("k0", "2");
        await Source.CatchUpAsync(copy);
        Position head = copy.State.Position;
        await RefuseAsync(StorageErrorCode.Diverged, known with { Hash = known.Hash + 1 });
        await RefuseAsync(StorageErrorCode.Diverged, head with { Hash = head.Hash + 1 });
        await RefuseAsync(StorageErrorCode.EpochChanged, known with { Epoch = Guid.NewGuid() });
        await RefuseAsync(StorageErrorCode.Diverged, await Source.PutAsync("k0", "not here yet"));

        Task RefuseAsync(StorageErrorCode code, Position after) =>
            AssertRefusedAsync(code, copy, () => WatchAsync(copy, new WatchOptions { After = after }));
    }

    [Test]
    public async Task An_idle_watch_learns_how_far_it_is_complete([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        await using WatchProbe watch = await WatchAsync(
            copy, new WatchOptions { Range = KeyRange.Prefix("k9"), ProgressInterval = TimeSpan.FromMilliseconds(100) });
        for (int i = 0; i < 3; i++)
        {
            await Source.PutAsync("elsewhere", $"{i}");
            Position moved = await Source.PutAsync("elsewhere", $"{i} again");
            await Source.CatchUpAsync(copy);
            await watch.ReadThroughAsync(moved.Revision);
            Assert.That((watch.Told[^1].Kind, watch.Told[^1].Position), Is.EqualTo((WatchEventKind.Progress, moved)));
        }

        Assert.That(watch.Changes, Is.Empty);
    }

    [Test]
    public async Task Watches_keep_every_guarantee_while_the_copy_follows([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        WatchOptions[] options =
        [
            new() { Range = KeyRange.Prefix("k") },
            new() { Range = KeyRange.Between(Bytes.Of("k2"), Bytes.Of("k6")), KeysOnly = true },
            new() { Range = KeyRange.Single(Bytes.Of("k5")) },
        ];
        Position start = copy.State.Position;
        var last = new TaskCompletionSource<Revision>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<List<ToldEvent>>[] watches =
            [.. options.Select((each, i) => Task.Run(() => FollowAsync(copy, each with { After = start }, leaveEvery: i == 0 ? 7 : 50, last.Task)))];
        for (int i = 0; i < 20; i++)
        {
            await CommitAnythingAsync(batches: 25, seed: i);
            await Source.CatchUpAsync(copy);
        }

        // It touches every range: who is told of it has been told everything.
        last.SetResult((await Source.CommitAsync(new ModelOperation(BatchOperationKind.RemoveRange, [], []))).Revision);
        await Source.CatchUpAsync(copy);
        for (int i = 0; i < options.Length; i++)
        {
            new WatchGuarantees(Source.Committed, options[i], await watches[i]).CheckAll();
        }
    }

    [Test]
    public async Task History_is_kept_for_followers_and_compacted([Values] bool isOfAllKeys)
    {
        ICopy copy = await CopyAsync(isOfAllKeys);
        await Source.PutAsync("elsewhere", "1");
        Position kept = await Source.PutAsync("elsewhere", "2");
        await Source.PutAsync("k0", "1");
        await Source.CatchUpAsync(copy);
        await AssertRefusedAsync(
            StorageErrorCode.Compacted, async () => await copy.KeepHistoryAsync("relay", new Revision(4), TimeSpan.FromHours(1), Deadline));
        await copy.KeepHistoryAsync("relay", kept.Revision, TimeSpan.FromHours(1), Deadline);
        Assert.That((await copy.GetInfoAsync(Deadline)).FollowerCount, Is.EqualTo(1));
        await AssertRefusedAsync(StorageErrorCode.InvalidArgument, async () => await CompactAsync(copy, new Revision(8)));
        await CompactAsync(copy, new Revision(6));
        Assert.That((await copy.GetInfoAsync(Deadline)).CompactedRevision.Value, Is.EqualTo(6));
        await using WatchProbe watch = await WatchAsync(copy, new WatchOptions { After = kept });
        Assert.That((await watch.NextChangesAsync()).Revision.Value, Is.EqualTo(8));
    }

    /// <summary>Batches of puts and removals, inside and outside of the keys that begin with "k".</summary>
    private async Task CommitAnythingAsync(int batches, int seed = 1)
    {
        var random = new Random(seed);
        for (int i = 0; i < batches; i++)
        {
            await Source.CommitAsync([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => AnyOperation(random))]);
        }
    }

    private static ModelOperation AnyOperation(Random random)
    {
        byte[] key = Bytes.Of($"{(random.Next(3) == 0 ? 'k' : 'j')}{random.Next(10)}");
        return random.Next(10) switch
        {
            0 => new ModelOperation(BatchOperationKind.RemoveRange, key, Bytes.Of($"k{random.Next(10)}")),
            < 3 => new ModelOperation(BatchOperationKind.Remove, key, []),
            int size => new ModelOperation(BatchOperationKind.Put, key, Bytes.Noise(size * 20, size)),
        };
    }

    /// <summary>Follows until everything is told, and leaves now and then to go on from the last position.</summary>
    private async Task<List<ToldEvent>> FollowAsync(ICopy copy, WatchOptions options, int leaveEvery, Task<Revision> last)
    {
        List<ToldEvent> told = [];
        while (true)
        {
            await using WatchProbe watch = await WatchAsync(copy, options);
            while (watch.Told.Count < leaveEvery)
            {
                ToldEvent next = await watch.NextAsync();
                if (last.IsCompleted && next.Revision >= await last)
                {
                    return [.. told, .. watch.Told];
                }
            }

            told.AddRange(watch.Told);
            options = options with { After = told[^1].Position };
        }
    }
}
