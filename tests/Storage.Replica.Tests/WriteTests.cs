using WsStorage.Core;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class WriteTests : ReplicaTest
{
    [Test]
    public async Task A_write_is_read_when_it_ends()
    {
        ReplicaStorage replica = await OpenLiveAsync();
        for (int i = 0; i < 200; i++)
        {
            await replica.PutStringAsync("a", $"{i}", Deadline);
            Assert.That(await replica.GetStringAsync("a", Deadline), Is.EqualTo($"{i}"));
        }
    }

    [Test]
    public async Task Many_writes_are_forwarded_in_their_order_and_read_when_they_end()
    {
        ReplicaStorage replica = await OpenLiveAsync();
        WriteBatch[] batches = [new WriteBatch().Put("a", "1"), new WriteBatch().RequireEqual(B("a"), B("1")).Put("a", "2"), new WriteBatch().RequireAbsent(B("a")).Put("b", "3")];
        var results = new WriteResult[3];
        await replica.WriteManyAsync(batches, results, Deadline);
        Assert.That(results.Select(static result => result.Applied), Is.EqualTo([true, true, false]));
        Assert.That(await replica.GetStringAsync("a", Deadline), Is.EqualTo("2"));
    }

    [Test]
    public async Task A_write_that_the_copy_does_not_get_in_time_is_said_to_be_applied()
    {
        var hold = new TaskCompletionSource();
        ReplicaStorage replica = Keep(ReplicaStorage.Open(Source, Copies, Options with { WriteWaitTimeout = TimeSpan.FromMilliseconds(20) }));
        await replica.WaitUntilLiveAsync(Deadline);
        Source.Before = async step => await (step == SourceStep.Event ? hold.Task : Task.CompletedTask);
        StorageException late = await AssertFailsAsync(StorageErrorCode.Timeout, async () => await replica.PutStringAsync("a", "1", Deadline));
        Assert.That(late.Outcome, Is.EqualTo(WriteOutcome.Applied));
        Assert.That(late.Message, Does.Contain("revision 1"));
        hold.SetResult();
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task Without_read_your_writes_nothing_waits()
    {
        var hold = new TaskCompletionSource();
        Options = Options with { ReadYourWrites = false };
        ReplicaStorage replica = await OpenLiveAsync();
        Source.Before = async step => await (step == SourceStep.Event ? hold.Task : Task.CompletedTask);
        await replica.PutStringAsync("a", "1", Deadline);
        Assert.That(await replica.GetStringAsync("a", Deadline), Is.Null);
        hold.SetResult();
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task What_changes_nothing_waits_for_nothing()
    {
        ReplicaStorage replica = await OpenLiveAsync();
        var hold = new TaskCompletionSource();
        Source.Before = async step => await (step == SourceStep.Event ? hold.Task : Task.CompletedTask);
        await Store.PutStringAsync("a", "1", Deadline);
        Assert.That((await replica.WriteAsync(new WriteBatch().RequirePresent(B("a")), Deadline)).Applied, Is.True);
        Assert.That((await replica.WriteAsync(new WriteBatch().RequireAbsent(B("a")).Put("a", "2"), Deadline)).Applied, Is.False);
        hold.SetResult();
    }

    [Test]
    public async Task A_write_to_another_store_behind_the_source_waits_for_its_copy()
    {
        for (int i = 0; i < 10; i++)
        {
            await Store.PutStringAsync("a", $"{i}", Deadline);
        }

        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        var hold = new TaskCompletionSource();
        Source.Before = async step => await (step == SourceStep.Info ? hold.Task : Task.CompletedTask);
        Source.Inner = Keep(new InMemoryStorage());

        // Its revision is one that the old copy has long had.
        Task<Revision> write = replica.PutStringAsync("b", "new", Deadline).AsTask();
        Assert.That(write.IsCompleted, Is.False);
        await Store.DisposeAsync();
        hold.SetResult();
        Assert.That(await write, Is.EqualTo(new Revision(1)));
        Assert.That(await replica.GetStringAsync("b", Deadline), Is.EqualTo("new"));
        Assert.That(await replica.GetStringAsync("a", Deadline), Is.Null);
    }

    [Test]
    public async Task A_write_that_waits_when_the_replica_is_closed_is_said_to_be_applied()
    {
        ReplicaStorage replica = await OpenLiveAsync();
        var hold = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        Source.Before = async step =>
        {
            if (step == SourceStep.Event)
            {
                held.TrySetResult();
                await hold.Task;
            }
        };
        Task write = replica.PutStringAsync("a", "1", Deadline).AsTask();
        await held.Task.WaitAsync(Deadline);
        ValueTask closed = replica.DisposeAsync();
        hold.SetResult();
        await closed;
        try
        {
            await write;
        }
        catch (StorageException exception)
        {
            Assert.That((exception.Code, exception.Outcome), Is.EqualTo((StorageErrorCode.Closed, WriteOutcome.Applied)));
        }
    }
}
