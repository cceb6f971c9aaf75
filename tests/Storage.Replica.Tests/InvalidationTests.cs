using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class InvalidationTests : ReplicaTest
{
    [Test]
    public async Task Invalidated_ranges_are_read_again_and_then_told_to_watches()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        await using IAsyncEnumerator<WatchEvent> events = await WatchAsync(replica);
        await Copies.Current!.MendAsync(new WriteBatch().Put(Bytes.Numbered("k", 20), B("damaged")).Put("other", "damaged"), Deadline);
        Source.Invalidate(KeyRange.Prefix("k00002"), KeyRange.Prefix("nothing"));
        KeyRange[] told = [.. await NextInvalidationAsync(events)];
        Assert.That(told, Is.EqualTo([KeyRange.Prefix("k00002"), KeyRange.Prefix("nothing")]));
        Assert.That((await replica.GetAsync(Bytes.Numbered("k", 20), Deadline)).Value, Is.EqualTo(Bytes.Noise(300, 21)));
        Assert.That(await replica.GetStringAsync("other", Deadline), Is.EqualTo("damaged"), "only what was invalidated is read again");
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(1));
    }

    [Test]
    public async Task An_invalidation_of_everything_makes_a_new_copy_and_is_told_when_it_is_read()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        await using IAsyncEnumerator<WatchEvent> events = await WatchAsync(replica);
        await Copies.Current!.MendAsync(new WriteBatch().Put("other", "damaged"), Deadline);
        Source.Invalidate(KeyRange.All);
        Assert.That(await NextInvalidationAsync(events), Is.EqualTo([KeyRange.All]));
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(2));
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task What_could_not_be_read_again_is_tried_again()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        await using IAsyncEnumerator<WatchEvent> events = await WatchAsync(replica);
        await Copies.Current!.MendAsync(new WriteBatch().Put(Bytes.Numbered("k", 20), B("damaged")), Deadline);
        int failures = 3;
        Source.Before = step => step == SourceStep.Scan && --failures >= 0 ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        Source.Invalidate(KeyRange.Prefix("k"));
        await NextInvalidationAsync(events);
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task Very_many_invalidated_ranges_become_one_that_holds_them()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        await using IAsyncEnumerator<WatchEvent> events = await WatchAsync(replica);
        Source.Invalidate([.. Enumerable.Range(0, 1500).Select(static i => KeyRange.Prefix(Bytes.Numbered("r", i)))]);
        KeyRange all = KeyRange.Between(Bytes.Numbered("r", 0), KeyRange.Prefix(Bytes.Numbered("r", 1499)).End);
        Assert.That(await NextInvalidationAsync(events), Is.EqualTo([all]));
    }

    private async Task<IAsyncEnumerator<WatchEvent>> WatchAsync(ReplicaStorage replica)
    {
        IAsyncEnumerator<WatchEvent> events =
            replica.WatchAsync(new WatchOptions { Invalidations = true }, Deadline).GetAsyncEnumerator(Deadline);
        Assert.That(await events.MoveNextAsync(), Is.True);
        return events;
    }

    private static async Task<IReadOnlyList<KeyRange>> NextInvalidationAsync(IAsyncEnumerator<WatchEvent> events)
    {
        do
        {
            Assert.That(await events.MoveNextAsync(), Is.True);
        }
        while (events.Current.Kind != WatchEventKind.Invalidation);
        return events.Current.InvalidatedRanges;
    }
}
