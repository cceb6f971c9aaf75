namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task A_position_of_another_store_is_refused_as_of_another_epoch()
    {
        await PutAsync("a", "1");
        Position position = (await Storage.GetInfoAsync(Deadline)).Position;
        await AssertWatchRefusedAsync(StorageErrorCode.EpochChanged, new WatchOptions { After = position with { Epoch = Guid.NewGuid() } });
    }

    [Test]
    public async Task A_position_ahead_of_the_store_is_refused_as_diverged()
    {
        await PutAsync("a", "1");
        Position position = (await Storage.GetInfoAsync(Deadline)).Position;
        await AssertWatchRefusedAsync(StorageErrorCode.Diverged, new WatchOptions { After = position with { Revision = position.Revision.Next } });
    }

    [Test]
    public async Task A_position_with_another_hash_is_refused_as_diverged([Values(0, 1, 5, 10)] int behind)
    {
        List<Position> positions = [(await Storage.GetInfoAsync(Deadline)).Position];
        await using (WatchProbe watch = await WatchAsync(new WatchOptions()))
        {
            await WriteAtOnceAsync(10);
            for (int i = 0; i < 10; i++)
            {
                positions.Add((await watch.NextChangesAsync()).Position);
            }
        }

        Position right = positions[^(behind + 1)];
        await AssertWatchRefusedAsync(StorageErrorCode.Diverged, new WatchOptions { After = right with { Hash = right.Hash + 1 } });
        await using WatchProbe served = await WatchAsync(new WatchOptions { After = right });
        Assert.That(served.Start, Is.EqualTo(right));
    }

    [Test]
    public async Task A_watch_that_makes_no_sense_is_refused()
    {
        await AssertWatchRefusedAsync(
            StorageErrorCode.InvalidArgument, new WatchOptions { ProgressInterval = TimeSpan.FromMilliseconds(99) });
        await AssertWatchRefusedAsync(
            StorageErrorCode.KeyTooLarge, new WatchOptions { Range = KeyRange.From(new byte[StorageLimits.MaxKeyBytes + 1]) });
    }

    [Test]
    public async Task A_watch_of_a_closed_storage_is_refused()
    {
        Requires(ContractFeature.ClosedAfterDispose);
        await Storage.DisposeAsync();
        await AssertWatchRefusedAsync(StorageErrorCode.Closed, new WatchOptions());
    }

    private async Task AssertWatchRefusedAsync(StorageErrorCode code, WatchOptions options) =>
        await AssertRefusedAsync(code, async () => await (await WatchAsync(options)).DisposeAsync());
}
