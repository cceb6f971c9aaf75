using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

public class AcceptanceTests : OutboxFixture
{
    [Test]
    public async Task A_full_outbox_says_so_and_takes_more_once_there_is_room()
    {
        await ReopenAsync(Options with { MaxBytes = 1000 });
        Target.IsDown = true;
        await PutAsync("a", new string('v', 800));
        StorageException full = (await Assert.ThrowsAsync<StorageException>(() => PutAsync("b", new string('v', 300))))!;
        Assert.That((full.Code, full.Outcome), Is.EqualTo((StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied)));
        Assert.That(full.Message, Does.Contain("1 records").And.Contain("1000").And.Contain(nameof(OutboxOptions.MaxBytes)));
        Assert.That(await GetAsync("a"), Has.Length.EqualTo(800));
        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        await PutAsync("b", new string('v', 300));
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task What_neither_store_takes_is_refused_at_once()
    {
        await Outbox.DisposeAsync();
        await using var local = new InMemoryStorage(new InMemoryStorageOptions { Limits = new StorageLimits(10_000, 1_000_000) });
        await using var target = new FaultyStorage(new InMemoryStorage(new InMemoryStorageOptions { Limits = new StorageLimits(1000, 70_000) }));
        Outbox = await OutboxStorage.OpenAsync(local, target, Options, Deadline);
        await PutAsync("a", "1");
        await Outbox.FlushAsync(Deadline);
        await AssertRefusedAsync(StorageErrorCode.ValueTooLarge, new WriteBatch().Put(Bytes.Of("b"), new byte[1001]));
        var many = new WriteBatch();
        for (int i = 0; i < 20; i++)
        {
            many.Put(Bytes.Numbered("k", i), new byte[900]);
        }

        await AssertRefusedAsync(StorageErrorCode.BatchTooLarge, many);
        await Outbox.DisposeAsync();
    }

    [Test]
    public async Task A_local_store_that_refuses_a_record_loses_nothing_else()
    {
        await Outbox.DisposeAsync();
        var local = new FaultyStorage(Local);
        Outbox = await OpenAsync(local: local);
        await PutAsync("a", "1");

        // By its record: what delivery notes in the local store may come before it, after it, or not yet.
        byte[] value = Bytes.Of("refused");
        local.OnWrite = (_, batch) => batch.PackedOperations.IndexOf(value) >= 0
            ? throw new StorageException(StorageErrorCode.DiskFull, "The disk is full.")
            : WriteFault.None;
        StorageException full = (await Assert.ThrowsAsync<StorageException>(() => PutAsync("b", "refused")))!;
        Assert.That(full.Code, Is.EqualTo(StorageErrorCode.DiskFull));
        await PutAsync("c", "3");
        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(["a=1", "c=3"]));
    }

    [Test]
    public async Task A_local_store_that_does_not_know_what_it_kept_ends_acceptance_until_it_is_opened_again()
    {
        await Outbox.DisposeAsync();
        var local = new FaultyStorage(Local);
        Outbox = await OpenAsync(local: local);
        local.OnWrite = (_, _) => WriteFault.After;
        StorageException unknown = (await Assert.ThrowsAsync<StorageException>(() => PutAsync("a", "1")))!;
        Assert.That(unknown.Outcome, Is.EqualTo(WriteOutcome.Unknown));
        local.OnWrite = null;
        StorageException refused = (await Assert.ThrowsAsync<StorageException>(() => PutAsync("b", "2")))!;
        Assert.That(refused.Outcome, Is.EqualTo(WriteOutcome.NotApplied));
        Assert.That(refused.Message, Does.Contain("again"));
        await ReopenAsync();
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=1"]), "it had been kept");
    }

    [Test]
    public async Task A_number_that_came_to_nothing_is_given_again_so_that_a_producer_can_count_by_it()
    {
        await Outbox.DisposeAsync();
        var local = new FaultyStorage(Local);
        Outbox = await OpenAsync(local: local);
        await PutAsync("a", "1");
        local.OnWrite = (_, _) => throw new StorageException(StorageErrorCode.LimitExceeded, "Too many writes are waiting.");
        await Assert.ThrowsAsync<StorageException>(() => PutAsync("b", "2"));
        local.OnWrite = null;
        await PutAsync("b", "2");
        Assert.That(Outbox.Status.AcceptedSequence, Is.EqualTo(2UL));
        await Outbox.FlushAsync(Deadline);
        Assert.That(await HistoryAsync(), Is.EqualTo(["a=1", "b=2"]));
    }

    [Test]
    public async Task Closing_waits_for_what_is_under_way_in_the_local_store()
    {
        await Outbox.DisposeAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var local = new FaultyStorage(Local);
        Outbox = await OpenAsync(local: local);
        local.WriteGate = gate.Task;
        Task write = PutAsync("a", "1");
        Task closing = Outbox.DisposeAsync().AsTask();
        for (int i = 0; i < 1000 && !closing.IsCompleted; i++)
        {
            await Task.Yield();
        }

        Assert.That(closing.IsCompleted, Is.False);
        gate.SetResult();
        await closing;
        await write;
    }

    [Test]
    public async Task Waits_for_the_same_record_are_one()
    {
        // A producer that flushes with a timeout again and again while the link is down must not fill the memory.
        var waiters = new FlushWaiters();
        Task first = waiters.Add(1);
        Assert.That(waiters.Add(1), Is.SameAs(first));
        Task second = waiters.Add(2);
        waiters.Reach(1);
        await first;
        Assert.That(second.IsCompleted, Is.False);
        waiters.Reach(5);
        await second;
        Task third = waiters.Add(6);
        waiters.Fail(new StorageException(StorageErrorCode.Closed, "Closed."));
        await Assert.ThrowsAsync<StorageException>(() => third);
        await Assert.ThrowsAsync<StorageException>(() => waiters.Add(7));
    }

    [Test]
    public async Task What_a_killed_process_had_delivered_does_not_fill_the_next_one()
    {
        OutboxOptions small = Options with { MaxBytes = 100_000 };
        await ReopenAsync(small);
        for (int i = 0; i < 30; i++)
        {
            await PutAsync($"k{i}", new string('v', 10_000));
            await Outbox.FlushAsync(Deadline);
        }

        await using InMemoryStorage killed = await DeliveryTests.CopyAsync(Local);
        await Outbox.DisposeAsync();
        Target.IsDown = true;
        Outbox = await OpenAsync(small, killed);
        Assert.That(Outbox.Status.Bytes, Is.LessThanOrEqualTo(40_000));
        await PutAsync("more", new string('v', 10_000));
        await Outbox.DisposeAsync();
    }

    [Test]
    public async Task A_closed_outbox_refuses_and_lets_those_go_who_wait()
    {
        Target.IsDown = true;
        await PutAsync("a", "1");
        Task flush = Outbox.FlushAsync(Deadline).AsTask();
        await Outbox.DisposeAsync();
        StorageException closed = (await Assert.ThrowsAsync<StorageException>(() => flush))!;
        Assert.That(closed.Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => PutAsync("b", "2")))!.Code, Is.EqualTo(StorageErrorCode.Closed));
        Assert.That(Outbox.Status.State, Is.EqualTo(OutboxState.Closed));
        Assert.That(Outbox.Status.Depth, Is.EqualTo(1));
    }

    [Test]
    public async Task A_wait_that_is_given_up_does_not_undo_the_write()
    {
        Target.IsDown = true;
        using var given = new CancellationTokenSource();
        await PutAsync("a", "1");
        Task flush = Outbox.FlushAsync(given.Token).AsTask();
        await given.CancelAsync();
        await Assert.ThatAsync(() => flush, Throws.InstanceOf<OperationCanceledException>());
        Target.IsDown = false;
        await Outbox.FlushAsync(Deadline);
        Assert.That(await DeliveredAsync(), Is.EqualTo(["a=1"]));
    }

    [TestCaseSource(nameof(Nonsense))]
    public async Task Options_that_make_no_sense_are_refused(OutboxOptions options)
    {
        StorageException refused = (await Assert.ThrowsAsync<StorageException>(async () => await OpenAsync(options)))!;
        Assert.That(refused.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    private static IEnumerable<OutboxOptions> Nonsense() =>
    [
        new() { MaxBytes = 0 },
        new() { MaxMergedBytes = 0 },
        new() { MaxMergedRecords = 0 },
        new() { MaxBatchesInFlight = 65 },
        new() { RetryBaseDelay = TimeSpan.Zero },
        new() { RetryMaxDelay = TimeSpan.FromMilliseconds(1) },
    ];

    private async Task AssertRefusedAsync(StorageErrorCode code, WriteBatch batch)
    {
        StorageException refused = (await Assert.ThrowsAsync<StorageException>(async () => await Outbox.WriteAsync(batch, Deadline)))!;
        Assert.That((refused.Code, refused.Outcome), Is.EqualTo((code, WriteOutcome.NotApplied)));
    }
}
