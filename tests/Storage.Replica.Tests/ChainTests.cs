using WsStorage.Core.Copies;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class ChainTests : ReplicaTest
{
    [Test]
    public async Task A_chain_of_replicas_keeps_the_positions_of_the_first_source()
    {
        await FillAsync(20);
        ReplicaStorage relay = await OpenLiveAsync();
        ReplicaStorage leaf = OpenBehind(relay, "leaf");
        await leaf.WaitUntilLiveAsync(Deadline);
        await FillAsync(20, "more");
        await AssertEqualAsync(relay);
        await AssertEqualAsync(leaf);

        // Written at the end of the chain, read there.
        await leaf.PutStringAsync("a", "1", Deadline);
        Assert.That(await leaf.GetStringAsync("a", Deadline), Is.EqualTo("1"));
        Assert.That((await leaf.VerifyAsync(cancellationToken: Deadline)).IsEqual, Is.True);
        StorageInfo info = await leaf.GetInfoAsync(Deadline);
        Assert.That(info.Engine, Is.EqualTo("replica of replica of memory"));
        Assert.That(info.Staleness, Is.Not.Null.And.LessThan(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public async Task A_new_copy_is_not_begun_at_a_source_that_is_behind_the_old_one()
    {
        await FillAsync(5);
        ReplicaStorage replica = await OpenLiveAsync();
        var slowSource = new FaultySource(Store);
        await using var slowCopies = new InMemoryCopyStore();
        await using ReplicaStorage behind = ReplicaStorage.Open(slowSource, slowCopies, Options with { Name = "behind" });
        await behind.WaitUntilLiveAsync(Deadline);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        slowSource.Before = async step => await (step == SourceStep.Event ? hold.Task : Task.CompletedTask);
        await FillAsync(5, "more");
        await AssertEqualAsync(replica);
        Position position = (await replica.GetInfoAsync(Deadline)).Position;
        Source.Inner = behind;
        Task rebuilt = replica.RebuildAsync(Deadline).AsTask();
        await WaitForStatusAsync(replica, static status => status.Problem?.Code == StorageErrorCode.TooStale);
        Assert.That((await replica.GetInfoAsync(Deadline)).Position, Is.EqualTo(position));
        hold.SetResult();
        await rebuilt;
        Assert.That((await replica.GetInfoAsync(Deadline)).Position, Is.EqualTo(position));
        await replica.DisposeAsync();
    }

    [Test]
    public async Task A_watch_moves_from_one_replica_to_another_that_is_behind()
    {
        await FillAsync(5);
        ReplicaStorage ahead = await OpenLiveAsync();
        var slowSource = new FaultySource(Store);
        await using var slowCopies = new InMemoryCopyStore();
        await using ReplicaStorage behind = ReplicaStorage.Open(slowSource, slowCopies, Options with { Name = "behind" });
        await behind.WaitUntilLiveAsync(Deadline);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        slowSource.Before = async step => await (step == SourceStep.Event ? hold.Task : Task.CompletedTask);
        await FillAsync(5, "more");
        await AssertEqualAsync(ahead);
        Position position = (await ahead.GetInfoAsync(Deadline)).Position;
        Task<WatchProbe> moved = WatchProbe.StartAsync(behind, new WatchOptions { After = position }, Deadline);
        Assert.That(moved.IsCompleted, Is.False, "it waits, and is not told that its position is wrong");
        hold.SetResult();
        await using WatchProbe probe = await moved;
        Assert.That(probe.Start, Is.EqualTo(position));
        await slowSource.DisposeAsync();
    }

    [Test]
    public async Task A_position_that_the_source_has_not_is_refused()
    {
        await FillAsync(5);
        ReplicaStorage replica = await OpenLiveAsync();
        Position beyond = await HeadAsync() with { Revision = new Revision(9) };
        await AssertFailsAsync(
            StorageErrorCode.Diverged,
            async () => await WatchProbe.StartAsync(replica, new WatchOptions { After = beyond }, Deadline));
    }

    [Test]
    public async Task A_relay_that_is_rebuilt_takes_its_replicas_along()
    {
        await FillAsync(20);
        ReplicaStorage relay = await OpenLiveAsync();
        ReplicaStorage leaf = OpenBehind(relay, "leaf");
        await leaf.WaitUntilLiveAsync(Deadline);
        for (int i = 0; i < 3; i++)
        {
            await FillAsync(5, $"more{i}");
            await relay.RebuildAsync(Deadline);

            // One that sleeps over more than one rebuild may have to begin anew.
            await AssertEqualAsync(leaf);
        }

        Assert.That(leaf.Status.Bootstraps, Is.EqualTo(1), "its watch has gone on");
    }

    private ReplicaStorage OpenBehind(IStorage source, string name)
    {
        InMemoryCopyStore copies = Keep(new InMemoryCopyStore());
        return Keep(ReplicaStorage.Open(source, copies, Options with { Name = name }));
    }
}
