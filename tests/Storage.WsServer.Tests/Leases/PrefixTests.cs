using WsStorage.Leases;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PrefixTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(10);

    private readonly KeeperFixture _fixture = new();
    private readonly HostLeases _leases;

    public PrefixTests() => _leases = new HostLeases(_fixture.Storage, _fixture.Keeper);

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Test]
    public async Task Numbers_are_small_and_used_again_after_their_release()
    {
        PrefixLease[] taken = new PrefixLease[4];
        for (int i = 0; i < taken.Length; i++)
        {
            taken[i] = await _leases.AcquirePrefixAsync("peer/", TimeToLive);
        }

        Assert.That(taken.Select(each => each.Number), Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(taken[2].Prefix, Is.EqualTo("peer/3/"));
        await taken[1].DisposeAsync();
        await taken[2].DisposeAsync();
        await using PrefixLease second = await _leases.AcquirePrefixAsync("peer/", TimeToLive);
        await using PrefixLease third = await _leases.AcquirePrefixAsync("peer/", TimeToLive);
        await using PrefixLease fifth = await _leases.AcquirePrefixAsync("peer/", TimeToLive);
        Assert.That((second.Number, third.Number, fifth.Number), Is.EqualTo((2, 3, 5)));
    }

    [Test]
    public async Task Each_prefix_has_numbers_of_its_own()
    {
        foreach (string prefix in new[] { "a", "ab", "a/", "a/b", string.Empty, "ü" })
        {
            Assert.That((await _leases.AcquirePrefixAsync(prefix, TimeToLive)).Number, Is.EqualTo(1), prefix);
            Assert.That((await _leases.AcquirePrefixAsync(prefix, TimeToLive)).Number, Is.EqualTo(2), prefix);
        }
    }

    [Test]
    public async Task Of_many_at_once_each_gets_a_number_of_its_own_and_none_is_left_out()
    {
        PrefixLease[] taken = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
            Task.Run(() => _leases.AcquirePrefixAsync("peer/", TimeToLive).AsTask())));
        Assert.That(taken.Select(each => each.Number).Order(), Is.EqualTo(Enumerable.Range(1, 100)));
    }

    [Test]
    public async Task Numbers_are_unique_among_holders_while_many_come_and_go()
    {
        var held = new System.Collections.Concurrent.ConcurrentDictionary<long, int>();
        long greatest = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(async () =>
        {
            for (int i = 0; i < 25; i++)
            {
                PrefixLease number = await _leases.AcquirePrefixAsync("peer/", TimeToLive);
                Assert.That(held.TryAdd(number.Number, task), Is.True);
                InterlockedMax(ref greatest, number.Number);
                await Task.Yield();
                held.TryRemove(number.Number, out _);
                await number.DisposeAsync();
            }
        })));
        Assert.That(greatest, Is.InRange(1, 16), "numbers are used again");
        Assert.That(await _fixture.Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task A_number_goes_with_its_lease_and_so_does_what_is_bound_to_it()
    {
        PrefixLease number = await _leases.AcquirePrefixAsync("peer/", TimeToLive);
        await number.Lease.PutAsync(System.Text.Encoding.UTF8.GetBytes($"{number.Prefix}name"), "me"u8.ToArray());
        WriteBatch late = number.Require(new WriteBatch()).Put("k", "v");
        await _fixture.Keeper.EndAsync(_fixture.Keeper.HostSession, number.Lease.Id);
        Assert.That(number.Lost.IsCancellationRequested, Is.True);
        Assert.That(await _fixture.Storage.KeysAsync(), Is.Empty);
        Assert.That((await _fixture.Storage.WriteAsync(late)).Applied, Is.False);
        Assert.That((await _leases.AcquirePrefixAsync("peer/", TimeToLive)).Number, Is.EqualTo(1));
    }

    [Test]
    public async Task A_prefix_with_a_zero_character_is_refused_and_leaves_nothing()
    {
        await Assert.ThatAsync(async () => await _leases.AcquirePrefixAsync("a\0b", TimeToLive), Throws.InstanceOf<StorageException>());
        Assert.That(await _fixture.Storage.CountReservedAsync(), Is.Zero);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
