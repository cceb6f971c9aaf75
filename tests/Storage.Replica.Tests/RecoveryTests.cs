using WsStorage.Core;
using WsStorage.Core.Copies;
using WsStorage.Replica.Following;
using WsStorage.Replica.Loading;
using WsStorage.Testing;

namespace WsStorage.Replica.Tests;

/// <summary>What a replica does after failures that come at the worst moment.</summary>
[TestFixture]
public sealed class RecoveryTests : ReplicaTest
{
    [Test]
    public async Task A_copy_whose_promotion_failed_after_its_step_is_read([Values] bool replaces)
    {
        await FillAsync(20);
        var copies = new HookedCopies(Copies);
        if (replaces)
        {
            await using ReplicaStorage first = ReplicaStorage.Open(Source, copies, Options);
            await first.WaitUntilLiveAsync(Deadline);
        }

        int failures = 1;
        copies.Promoted = () =>
        {
            if (--failures >= 0)
            {
                throw new StorageException(StorageErrorCode.IOError, "The directory could not be brought to the disk, by a test.");
            }
        };
        ReplicaStorage replica = Keep(ReplicaStorage.Open(Source, copies, Options));
        if (replaces)
        {
            await replica.RebuildAsync(Deadline);
        }

        await WaitForStatusAsync(replica, static status => status is { Phase: ReplicaPhase.Live, IsReadable: true });
        await FillAsync(5, "more");
        await AssertEqualAsync(replica);
    }

    [Test]
    public void Copies_that_fail_as_soon_as_they_are_read_are_built_after_growing_waits()
    {
        var time = new ManualTimeProvider();
        Options = Options with { TimeProvider = time, RetryBaseDelay = TimeSpan.FromHours(1), RetryMaxDelay = TimeSpan.FromHours(2) };
        using var parts = new ReplicaParts(Source, Copies, Options);
        var chooser = new CopyChooser(parts, new FileLoader(Source, Copies, Options, parts.Keeper, parts.Board, parts.Logger));
        var gone = new StorageException(StorageErrorCode.Compacted, "History is gone, by a test.");
        Assert.That(chooser.React(gone), Is.EqualTo(TimeSpan.Zero), "the first is built at once");
        chooser.OnPromoted();
        Assert.That(chooser.React(gone), Is.GreaterThan(TimeSpan.Zero));
        chooser.OnPromoted();
        time.Advance(TimeSpan.FromHours(3));
        Assert.That(chooser.React(gone), Is.EqualTo(TimeSpan.Zero), "it has been followed for long");
    }

    [Test]
    public async Task The_lag_behind_a_source_that_has_lost_its_last_writes_is_not_known()
    {
        await FillAsync(20);
        Position head = await HeadAsync();
        ReplicaStorage replica = await OpenLiveAsync();
        await using var shorter = new InMemoryCopyOf(head with { Revision = new Revision(7), Hash = 7 });
        var hold = new TaskCompletionSource();
        Source.Before = async step => await (step == SourceStep.Scan ? hold.Task : Task.CompletedTask);
        Source.Inner = shorter.Storage;
        await Store.DisposeAsync();
        await WaitForStatusAsync(replica, static status => status is { IsStale: true, Phase: ReplicaPhase.LoadingRows });
        Assert.That(replica.Status.RevisionLag, Is.Null);
        hold.SetResult();
        await WaitForStatusAsync(replica, static status => status is { IsStale: false, RevisionLag: 0, Phase: ReplicaPhase.Live });
    }

    [Test]
    public async Task The_copy_is_not_said_to_be_newer_than_the_position_that_is_said_with_it()
    {
        var time = new ManualTimeProvider();
        Options = Options with { TimeProvider = time, LagInterval = TimeSpan.FromDays(1) };
        await FillAsync(1);
        var copies = new HookedCopies(Copies);
        ReplicaStorage replica = Keep(ReplicaStorage.Open(Source, copies, Options));
        await replica.WaitUntilLiveAsync(Deadline);
        time.Advance(TimeSpan.FromSeconds(60));
        copies.Told = async () =>
        {
            // Between the two: it gets on, and learns that it is as new as the source.
            copies.Told = static () => ValueTask.CompletedTask;
            await FillAsync(1, "more");
            await replica.WithBound(ReadBound.Latest).GetAsync(B("a"), Deadline);
        };
        StorageInfo info = await replica.GetInfoAsync(Deadline);
        Assert.That(info.Revision, Is.EqualTo(new Revision(1)));
        Assert.That(info.Staleness, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        Assert.That((await replica.GetInfoAsync(Deadline)).Staleness, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public async Task A_comparison_whose_source_does_not_answer_does_not_hold_up_a_rebuild()
    {
        await FillAsync(5);
        ReplicaStorage replica = await OpenLiveAsync();
        var hold = new TaskCompletionSource();
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int events = 0;
        Source.Before = async step =>
        {
            if (step == SourceStep.Scan && hangs.TrySetResult())
            {
                await hold.Task;
            }
            else if (step == SourceStep.Event && Interlocked.Increment(ref events) == 20)
            {
                full.TrySetResult();
            }
        };
        Task<VerifyResult> comparison = replica.VerifyAsync(cancellationToken: Deadline).AsTask();
        await hangs.Task.WaitAsync(Deadline);

        // More than the replica gathers while nothing may be applied.
        await FillAsync(100, "more");
        await full.Task.WaitAsync(Deadline);
        await replica.RebuildAsync(Deadline);
        await AssertEqualAsync(replica);
        hold.SetResult();
        await Assert.ThrowsAsync<StorageException>(async () => await comparison);
    }

    [Test]
    public async Task A_rebuild_that_is_asked_for_when_the_replica_has_just_been_closed_is_refused()
    {
        var requests = new RebuildRequests();
        requests.Close();
        await AssertFailsAsync(StorageErrorCode.Closed, async () => await requests.AddAsync().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public async Task A_write_to_a_source_that_has_lost_its_last_writes_waits_for_the_new_copy()
    {
        await FillAsync(20);
        Position head = await HeadAsync();
        ReplicaStorage replica = await OpenLiveAsync();
        await AssertEqualAsync(replica);
        await using var shorter = new InMemoryCopyOf(head with { Revision = new Revision(7), Hash = 7 });
        var hold = new TaskCompletionSource();
        Source.Before = async step => await (step == SourceStep.Info ? hold.Task : Task.CompletedTask);
        Source.Write = async batch =>
        {
            var copy = (ICopy)shorter.Storage;
            Position before = copy.State.Position;
            byte[] operations = batch.PackedOperations.ToArray();
            Position after = before with { Revision = before.Revision.Next, Hash = ChainHash.Append(before.Hash, before.Revision.Next, operations) };
            await copy.ApplyAsync(new[] { new CopiedBatch(after, DateTimeOffset.UnixEpoch, operations) }, Deadline);
            return WriteResult.AppliedAt(after.Revision);
        };
        Source.Inner = shorter.Storage;

        // Its revision is one that the old copy has long had, in the same epoch.
        Task<Revision> write = replica.PutStringAsync("b", "new", Deadline).AsTask();
        Assert.That(write.IsCompleted, Is.False);
        await Store.DisposeAsync();
        hold.SetResult();
        Assert.That(await write, Is.EqualTo(new Revision(8)));
        Assert.That(await replica.GetStringAsync("b", Deadline), Is.EqualTo("new"));
    }

    [Test]
    public async Task A_copy_whose_disk_was_full_goes_on_and_has_been_read_meanwhile()
    {
        await FillAsync(5);
        var copies = new HookedCopies(Copies);
        ReplicaStorage replica = Keep(ReplicaStorage.Open(Source, copies, Options));
        await replica.WaitUntilLiveAsync(Deadline);
        await using WatchProbe probe = await WatchProbe.StartAsync(replica, new WatchOptions(), Deadline);
        copies.IsFull = true;
        await FillAsync(5, "more");
        await WaitForStatusAsync(replica, static status => status.Problem?.Code == StorageErrorCode.DiskFull);
        Assert.That((await replica.GetAsync(Bytes.Numbered("k", 1), Deadline)).Found, Is.True);
        copies.IsFull = false;
        await AssertEqualAsync(replica);
        await probe.ReadThroughAsync((await HeadAsync()).Revision);
        Assert.That(probe.Changes.Select(static told => told.Revision.Value), Is.EqualTo([6UL, 7UL, 8UL, 9UL, 10UL]));
        Assert.That(replica.Status.Bootstraps, Is.EqualTo(1));
    }
}
