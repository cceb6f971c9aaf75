using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

[TestFixture]
public sealed class BootstrapTests : ReplicaTest
{
    [Test]
    public async Task A_replica_of_an_empty_source_is_live_at_once_and_follows()
    {
        ReplicaStorage replica = await OpenLiveAsync();
        Assert.That(await RowsAsync(replica), Is.Empty);
        await Store.PutStringAsync("a", "1", Deadline);
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.Phase, Is.EqualTo(ReplicaPhase.Live));
        Assert.That(replica.Status.AppliedBatches, Is.EqualTo(1));
    }

    [Test]
    public async Task A_replica_loads_what_is_there_and_says_how_much()
    {
        await FillAsync(50);
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        ReplicaStatus status = replica.Status;
        Assert.That(status.Rows, Is.EqualTo(50));
        Assert.That(status.Bytes, Is.EqualTo(50 * 307));
        Assert.That(status.ExpectedRows, Is.EqualTo(50));
        Assert.That(status.BootstrappedBy, Is.EqualTo(BootstrapKind.Rows));
        Assert.That(status.Bootstraps, Is.EqualTo(1));
        Assert.That((status.IsReadable, status.IsRebuilding, status.IsStale), Is.EqualTo((true, false, false)));
        Assert.That(status.RevisionLag, Is.Zero);
        Assert.That(status.Problem, Is.Null);
    }

    [Test]
    public async Task Writes_that_go_on_while_it_loads_are_all_there_in_the_end()
    {
        await FillAsync(50);
        Source.Before = WriteMoreAsync;
        ReplicaStorage replica = await OpenLiveAsync();
        Source.Before = static _ => ValueTask.CompletedTask;
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task A_copy_is_not_read_before_it_is_whole()
    {
        await FillAsync(20);
        var hold = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        Source.Before = async step =>
        {
            await WriteMoreAsync(step);
            if (step == SourceStep.Watch)
            {
                reached.TrySetResult();
                await hold.Task;
            }
        };
        Options = Options with { ReadWaitTimeout = TimeSpan.FromMilliseconds(1) };
        ReplicaStorage replica = Open();
        await reached.Task.WaitAsync(Deadline);
        Assert.That(replica.Status.IsReadable, Is.False);
        StorageException refused = await AssertFailsAsync(StorageErrorCode.NotReady, async () => await replica.GetAsync(B("k"), Deadline));
        Assert.That(refused.Message, Does.Contain("test"));
        Assert.That(() => replica.ReadMany([B("k")], new RecordingReceiver()), Throws.InstanceOf<StorageException>());
        Source.Before = static _ => ValueTask.CompletedTask;
        hold.SetResult();
        await replica.WaitUntilLiveAsync(Deadline);
        await AssertEqualAsync(replica);
    }

    [Test]
    public async Task A_connection_lost_at_any_step_leaves_no_gap_and_no_repeat()
    {
        for (int fail = 0; await FailAtAsync(fail, kills: false); fail++)
        {
            Assert.That(fail, Is.LessThan(200), "each run has an end");
        }
    }

    [Test]
    public async Task A_replica_killed_at_any_step_goes_on_where_it_was()
    {
        for (int fail = 0; await FailAtAsync(fail, kills: true); fail++)
        {
            Assert.That(fail, Is.LessThan(200), "each run has an end");
        }
    }

    [Test]
    public async Task An_interrupted_load_reads_no_row_twice()
    {
        await FillAsync(100);
        int pages = 0;
        Source.Before = step => step == SourceStep.Page && ++pages % 4 == 0 ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.Rows, Is.EqualTo(100));
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(1));
    }

    [Test]
    public async Task History_that_goes_while_it_loads_makes_it_begin_anew()
    {
        await FillAsync(20);
        int watches = 0;
        Source.Before = async step =>
        {
            if (step == SourceStep.Watch && ++watches <= 3)
            {
                await Store.PutStringAsync("late", $"{watches}", Deadline);
                await Store.CompactAsync((await HeadAsync()).Revision, ignoreFollowers: true, Deadline);
            }
        };
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(4));
    }

    [Test]
    public async Task What_is_wrong_is_said_until_it_is_right()
    {
        Source.Before = static step => step == SourceStep.Info ? throw FaultySource.Lost() : ValueTask.CompletedTask;
        ReplicaStorage replica = Open();
        await WaitForStatusAsync(replica, static status => status.Problem is { Code: StorageErrorCode.ConnectionLost });
        Source.Before = static _ => ValueTask.CompletedTask;
        await replica.WaitUntilLiveAsync(Deadline);
        Assert.That(replica.Status.Problem, Is.Null);
    }

    [Test]
    public async Task Rows_of_a_source_that_is_behind_the_start_are_not_used()
    {
        await FillAsync(20);
        Position head = await HeadAsync();
        int answers = 0;
        Source.Say = info => ++answers == 1
            ? info with { Position = info.Position with { Revision = head.Revision.Next, Hash = 1 } }
            : info;
        ReplicaStorage replica = Open();
        await WaitForStatusAsync(replica, static status => status.Problem is { Code: StorageErrorCode.TooStale });
        Assert.That(replica.Status.IsReadable, Is.False);
    }

    /// <summary>Each step finds the source changed.</summary>
    private async ValueTask WriteMoreAsync(SourceStep step)
    {
        if (step is SourceStep.Page or SourceStep.Scan or SourceStep.Keep or SourceStep.Watch)
        {
            Revision next = (await HeadAsync()).Revision.Next;
            var batch = new WriteBatch().Put($"n{next}", "new").Put(Bytes.Numbered("k", (int)(next.Value % 20)), B($"{next}"));
            batch.Remove(Bytes.Numbered("k", (int)(next.Value * 7 % 20)));
            await Store.WriteAsync(batch, Deadline);
        }
    }

    /// <summary>Lets a bootstrap fail once, at one step.</summary>
    /// <returns>Whether there was such a step.</returns>
    private async Task<bool> FailAtAsync(int fail, bool kills)
    {
        await CloseAll();
        OpenSource();
        await FillAsync(20);
        int steps = 0;
        var died = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Source.Before = async step =>
        {
            await WriteMoreAsync(step);
            if (steps++ == fail)
            {
                died.SetResult();
                throw FaultySource.Lost();
            }
        };
        ReplicaStorage replica = Open();
        Task live = replica.WaitUntilLiveAsync(Deadline).AsTask();
        await Task.WhenAny(live, died.Task);
        bool failed = died.Task.IsCompleted;
        if (failed && kills)
        {
            await replica.DisposeAsync();
            replica = Open();
        }

        await replica.WaitUntilLiveAsync(Deadline);
        Source.Before = static _ => ValueTask.CompletedTask;
        await AssertEqualAsync(replica);
        return failed;
    }
}
