using WsStorage.Core.Copies;
using WsStorage.Testing;

namespace WsStorage.Core.Tests.Copies;

/// <summary>What copies in memory do beyond the contract.</summary>
[TestFixture]
public sealed class InMemoryCopyTests
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(60));
    private CopySource _source = null!;

    [SetUp]
    public void Open() => _source = new CopySource(_deadline.Token);

    [TearDown]
    public async Task Close() => await _source.DisposeAsync();

    [OneTimeTearDown]
    public void Dispose() => _deadline.Dispose();

    [Test]
    public async Task It_says_what_it_is()
    {
        await using var store = new InMemoryCopyStore();
        ICopy copy = await _source.LoadAsync(store);
        StorageInfo info = await copy.GetInfoAsync();
        Assert.That((info.Engine, info.Durability, info.IsReadOnly), Is.EqualTo(("memory copy", Durability.Volatile, true)));
        StorageException refused = (await Assert.ThrowsAsync<StorageException>(async () => await copy.PutStringAsync("a", "1")))!;
        Assert.That(refused.Message, Does.Contain("source"));
    }

    [Test]
    public async Task Batches_of_one_commit_time_are_one_group_of_history()
    {
        await using var together = new InMemoryCopyStore();
        await using var apart = new InMemoryCopyStore();
        ICopy one = await _source.LoadAsync(together);
        ICopy many = await _source.LoadAsync(apart);
        for (int i = 0; i < 10; i++)
        {
            await _source.PutAsync("k", $"{i}");
        }

        DateTimeOffset time = DateTimeOffset.UnixEpoch;
        IReadOnlyList<CopiedBatch> batches = await _source.ReadBatchesAsync(one.State.Position);
        await one.ApplyAsync(batches.Select(batch => batch with { CommitTime = time }).ToArray());
        await many.ApplyAsync(batches.Select((batch, i) => batch with { CommitTime = time.AddMilliseconds(i) }).ToArray());
        long bytesOfOne = (await one.GetInfoAsync()).HistoryBytes;
        long bytesOfMany = (await many.GetInfoAsync()).HistoryBytes;
        Assert.That(bytesOfMany - bytesOfOne, Is.EqualTo(9 * 128), "what nine more groups cost");
        await using WatchProbe watch = await WatchProbe.StartAsync(one, new WatchOptions { After = batches[4].Position }, _deadline.Token);
        await watch.ReadThroughAsync(one.State.Position.Revision);
        Assert.That(watch.Changes.Select(told => told.Position), Is.EqualTo(batches.Skip(5).Select(batch => batch.Position)));
    }

    [Test]
    public async Task What_keys_held_before_is_known_from_when_the_copy_is_whole([Values] bool isOfAllKeys)
    {
        KeyRange[] ranges = isOfAllKeys ? [] : [KeyRange.Prefix("k")];
        await using var store = new InMemoryCopyStore(new InMemoryStorageOptions { KeepPreviousValues = true });
        Position start = await _source.PutAsync("k", "1");
        ICopy copy = await store.BeginAsync(ranges, start);
        await _source.PutAsync("k", "2");
        await _source.PutAsync("k", "3");

        // The rows are those of revision 3 already, so at revision 2 the copy would take "3" for what was there before.
        (ReadOnlyMemory<byte> rows, CopyLoad load) = await _source.ReadRowsAsync(copy.State.Load!, ranges, count: 10);
        await copy.LoadAsync(rows, load);
        await _source.PutAsync("k", "4");
        await _source.CatchUpAsync(copy);
        await using WatchProbe watch = await WatchProbe.StartAsync(
            copy, new WatchOptions { After = start, PreviousValues = true }, _deadline.Token);
        await watch.ReadThroughAsync(copy.State.Position.Revision);
        Assert.That(
            watch.Changes.Select(told => $"{told}"),
            Is.EqualTo(["2: put \"k\"=\"2\"", "3: put \"k\"=\"3\"", "4: put \"k\"=\"4\" (was \"3\")"]));
    }

    [Test]
    public void Options_that_contradict_each_other_are_refused_at_once() =>
        Assert.That(
            () => new InMemoryCopyStore(new InMemoryStorageOptions { HistoryBytes = 1 }),
            Throws.InstanceOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.InvalidArgument));
}
