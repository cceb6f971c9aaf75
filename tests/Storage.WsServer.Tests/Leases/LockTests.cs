using System.Collections.Concurrent;
using WsStorage.Leases;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LockTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly KeeperFixture _fixture = new();
    private readonly HostLeases _leases;

    public LockTests() => _leases = new HostLeases(_fixture.Storage, _fixture.Keeper);

    private ObservedStorage Storage => _fixture.Storage;

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Test]
    public async Task A_lock_is_had_by_one_and_then_by_the_next_with_a_greater_token()
    {
        StorageLock first = await _leases.LockAsync("name", TimeToLive);
        Assert.That(await _leases.TryLockAsync("name", TimeToLive), Is.Null);
        await using StorageLock? other = await _leases.TryLockAsync("another name", TimeToLive);
        Assert.That(other, Is.Not.Null);
        Task<StorageLock> second = _leases.LockAsync("name", TimeToLive).AsTask();
        Assert.That(second.IsCompleted, Is.False);
        await first.DisposeAsync();
        await using StorageLock held = await second.WaitAsync(Patience);
        Assert.That(held.Token, Is.GreaterThan(first.Token));
        Assert.That((first.Lost.IsCancellationRequested, held.Lost.IsCancellationRequested), Is.EqualTo((true, false)));
        Assert.That(held.Name, Is.EqualTo("name"));
    }

    [Test]
    public async Task What_is_released_leaves_nothing_behind()
    {
        await (await _leases.LockAsync("name", TimeToLive)).DisposeAsync();
        await (await _leases.TryLockAsync("name", TimeToLive))!.DisposeAsync();
        await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        await (await lease.LockAsync("name")).DisposeAsync();
        await (await lease.AcquirePrefixAsync("p")).DisposeAsync();
        Assert.That(await Storage.CountReservedAsync(), Is.EqualTo(1), "the record of the lease that is there");
    }

    [Test]
    public async Task Of_many_who_want_a_lock_one_at_a_time_has_it_and_tokens_grow()
    {
        int holders = 0;
        var tokens = new ConcurrentQueue<Revision>();
        Task[] tasks = [.. Enumerable.Range(0, 16).Select(task => Task.Run(async () =>
        {
            await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
            for (int i = 0; i < 20; i++)
            {
                await using StorageLock held = task % 2 == 0 ? await lease.LockAsync("name") : await _leases.LockAsync("name", TimeToLive);
                Assert.That(Interlocked.Increment(ref holders), Is.EqualTo(1));
                tokens.Enqueue(held.Token);
                await Task.Yield();
                Interlocked.Decrement(ref holders);
            }
        }))];
        await Task.WhenAll(tasks).WaitAsync(Patience);
        Assert.That(tokens, Has.Count.EqualTo(320));
        Assert.That(tokens, Is.Ordered);
        Assert.That(tokens, Is.Unique);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That(Storage.OpenWatches, Is.Zero);
    }

    [Test]
    public async Task Batches_that_demand_the_lock_count_right_even_when_leases_end_under_their_holders()
    {
        int counted = 0;
        Task[] tasks = [.. Enumerable.Range(0, 8).Select(task => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await using StorageLock held = await _leases.LockAsync("counter", TimeToLive);
                int value = int.Parse(await Storage.GetStringAsync("n") ?? "0");
                if ((task + i) % 3 == 0)
                {
                    // The holder is thought to be dead, and goes on as if nothing had happened.
                    await _fixture.Keeper.EndAsync(_fixture.Keeper.HostSession, held.Lease.Id);
                }

                if ((await Storage.WriteAsync(held.Require(new WriteBatch()).Put("n", $"{value + 1}"))).Applied)
                {
                    Interlocked.Increment(ref counted);
                }
            }
        }))];
        await Task.WhenAll(tasks).WaitAsync(Patience);
        Assert.That(await Storage.GetStringAsync("n"), Is.EqualTo($"{counted}"));
        Assert.That(counted, Is.GreaterThan(0).And.LessThan(160));
    }

    [Test]
    public async Task A_cancelled_wait_leaves_nothing_behind()
    {
        await using StorageLock held = await _leases.LockAsync("name", TimeToLive);
        await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        int before = await Storage.CountReservedAsync();
        using var cancellation = new CancellationTokenSource();
        Task<StorageLock>[] waits =
        [
            _leases.LockAsync("name", TimeToLive, cancellation.Token).AsTask(),
            lease.LockAsync("name", cancellation.Token).AsTask(),
        ];
        await cancellation.CancelAsync();
        foreach (Task<StorageLock> wait in waits)
        {
            OperationCanceledException error = (await Assert.CatchAsync<OperationCanceledException>(() => wait.WaitAsync(Patience)))!;
            Assert.That(error.CancellationToken, Is.EqualTo(cancellation.Token));
        }

        Assert.That(await Storage.CountReservedAsync(), Is.EqualTo(before));
        Assert.That(Storage.OpenWatches, Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_lock_that_is_taken_while_its_taker_gives_up_is_let_go(bool ownsLease)
    {
        await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        int before = await Storage.CountReservedAsync();
        using var cancellation = new CancellationTokenSource();
        Storage.BeforeWrite = async batch =>
        {
            if (batch.PreconditionCount > 1)
            {
                // It is applied, and its caller does not hear of it any more.
                Storage.BeforeWrite = null;
                await Storage.WriteUnseenAsync(batch);
                await cancellation.CancelAsync();
                cancellation.Token.ThrowIfCancellationRequested();
            }
        };
        await Assert.CatchAsync<OperationCanceledException>(async () => await (ownsLease
            ? _leases.LockAsync("name", TimeToLive, cancellation.Token)
            : lease.LockAsync("name", cancellation.Token)));
        Assert.That(await Storage.CountReservedAsync(), Is.EqualTo(before));
        await (await lease.LockAsync("name")).DisposeAsync();
    }

    [Test]
    public async Task A_lock_that_is_released_between_the_refusal_and_the_watch_is_not_waited_for()
    {
        StorageLock held = await _leases.LockAsync("name", TimeToLive);
        await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        bool isFirst = true;
        Storage.BeforeWatch = async () =>
        {
            if (isFirst)
            {
                isFirst = false;
                await held.DisposeAsync();
            }
        };
        await using StorageLock next = await lease.LockAsync("name").AsTask().WaitAsync(Patience);
        Assert.That(next.Token, Is.GreaterThan(held.Token));
    }

    [Test]
    public async Task A_watch_that_has_lost_its_place_begins_anew()
    {
        StorageLock held = await _leases.LockAsync("name", TimeToLive);
        int watches = 0;
        var again = new TaskCompletionSource();
        Storage.BeforeWatch = () =>
        {
            if (++watches == 1)
            {
                throw new StorageException(StorageErrorCode.Compacted, "gone");
            }

            again.TrySetResult();
            return ValueTask.CompletedTask;
        };
        Task<StorageLock> next = _leases.LockAsync("name", TimeToLive).AsTask();
        await again.Task.WaitAsync(Patience);
        await held.DisposeAsync();
        await (await next.WaitAsync(Patience)).DisposeAsync();
        Assert.That(watches, Is.GreaterThan(1));
    }

    [Test]
    public async Task Who_waits_with_a_lease_that_ends_is_told()
    {
        await using StorageLock held = await _leases.LockAsync("name", TimeToLive);
        StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        Task<StorageLock> wait = lease.LockAsync("name").AsTask();
        await lease.DisposeAsync();
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => wait.WaitAsync(Patience)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.LeaseEnded));
    }

    [Test]
    public async Task A_lock_goes_with_its_lease_and_its_late_release_does_no_harm()
    {
        StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        StorageLock lost = await lease.LockAsync("name");
        Assert.That(await lease.TryLockAsync("name"), Is.Null, "it is not re-entrant");
        await lease.DisposeAsync();
        Assert.That(lost.Lost.IsCancellationRequested, Is.True);
        await using StorageLock held = await _leases.LockAsync("name", TimeToLive);
        await lost.DisposeAsync();
        Assert.That(await _leases.TryLockAsync("name", TimeToLive), Is.Null);
    }

    [Test]
    public async Task A_name_has_1_to_1024_bytes_in_UTF8()
    {
        char[] half = [(char)0xD800];
        foreach (string name in new[] { string.Empty, new string('n', 1025), new string(half) })
        {
            StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await _leases.LockAsync(name, TimeToLive)))!;
            Assert.That(error.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        }

        await (await _leases.LockAsync(new string('n', 1024), TimeToLive)).DisposeAsync();
    }
}
