using WsStorage.Leases;
using WsStorage.Testing;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HostLeaseTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(10);

    private readonly KeeperFixture _fixture = new();
    private readonly HostLeases _leases;

    public HostLeaseTests() => _leases = new HostLeases(_fixture.Storage, _fixture.Keeper);

    private ObservedStorage Storage => _fixture.Storage;

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Test]
    public async Task A_lease_of_the_host_lasts_until_it_is_disposed_of()
    {
        StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        Revision revision = await lease.PutAsync("bound"u8.ToArray(), "1"u8.ToArray());
        Assert.That(revision, Is.EqualTo(Storage.Revision));
        _fixture.Clock.Advance(TimeSpan.FromDays(100));
        Assert.That(await Storage.HasAsync("bound"), Is.True);
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
        await lease.DisposeAsync();
        await lease.DisposeAsync();
        Assert.That(lease.Ended.IsCancellationRequested, Is.True);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task The_leases_of_the_host_end_when_its_server_stops()
    {
        StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        await lease.PutAsync("bound"u8.ToArray(), "1"u8.ToArray());
        await _fixture.Keeper.StopAsync();
        Assert.That(lease.Ended.IsCancellationRequested, Is.True);
        Assert.That(await Storage.HasAsync("bound"), Is.False);
        await lease.DisposeAsync();
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await _leases.GrantLeaseAsync(TimeToLive)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.ShuttingDown));
    }

    [Test]
    public async Task The_leases_of_a_host_that_died_end_when_their_time_is_over_after_the_next_start()
    {
        var dead = new LeaseKeeper(Storage, new FakePresence(), _fixture.Options, new ManualTimeProvider(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        StorageLease lease = await new HostLeases(Storage, dead).GrantLeaseAsync(TimeToLive);
        await lease.PutAsync("bound"u8.ToArray(), "1"u8.ToArray());
        await _fixture.RestartAsync();
        Assert.That(await Storage.HasAsync("bound"), Is.True);
        _fixture.Clock.Advance(TimeToLive);
        await _fixture.WhenGoneAsync(lease.Id);
        Assert.That(await Storage.HasAsync("bound"), Is.False);
    }

    [Test]
    public async Task A_write_under_a_lease_that_has_ended_changes_nothing_and_says_so()
    {
        StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        WriteBatch late = lease.Bind(new WriteBatch(), "late"u8, "1"u8);
        await Storage.RemoveAsync(LeaseKeys.Record(lease.Id));
        Revision before = Storage.Revision;
        Assert.That((await Storage.WriteAsync(late)).Applied, Is.False);
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await lease.WriteAsync(late)))!;
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.LeaseEnded, WriteOutcome.NotApplied)));
        Assert.That(lease.Ended.IsCancellationRequested, Is.True);
        Assert.That(Storage.Revision, Is.EqualTo(before));
        StorageException again = (await Assert.ThrowsAsync<StorageException>(async () => await lease.PutAsync("k"u8.ToArray(), default)))!;
        Assert.That(again.Code, Is.EqualTo(StorageErrorCode.LeaseEnded));
    }

    [Test]
    public async Task A_refusal_for_another_reason_is_an_answer_as_ever()
    {
        await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        WriteBatch batch = lease.Bind(new WriteBatch(), "k"u8, "1"u8).RequirePresent("missing"u8);
        WriteResult result = await lease.WriteAsync(batch);
        Assert.That((result.Applied, result.FailedPrecondition), Is.EqualTo((false, 1)));
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task A_key_that_was_let_go_stays()
    {
        StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        await lease.PutAsync("stays"u8.ToArray(), "1"u8.ToArray());
        await lease.WriteAsync(lease.Unbind(new WriteBatch(), "stays"u8));
        await lease.DisposeAsync();
        Assert.That(await Storage.KeysAsync(), Is.EqualTo(new[] { "stays" }));
    }

    [Test]
    public async Task A_key_that_is_too_long_is_not_bound()
    {
        await using StorageLease lease = await _leases.GrantLeaseAsync(TimeToLive);
        byte[] key = new byte[LeaseKeys.MaxBoundKeyBytes + 1];
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await lease.PutAsync(key, default)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.KeyTooLarge));
        await lease.PutAsync(key.AsMemory(1), default);
    }

    [Test]
    public async Task A_grant_whose_caller_has_given_up_leaves_nothing()
    {
        var blocked = new TaskCompletionSource();
        Storage.BeforeWrite = async _ => await blocked.Task;
        using var cancellation = new CancellationTokenSource();
        Task<StorageLease> granting = _leases.GrantLeaseAsync(TimeToLive, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        blocked.SetResult();
        await Assert.ThatAsync(() => granting, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That(_fixture.Keeper.Count, Is.Zero);
    }

    [Test]
    public async Task A_server_without_leases_says_so()
    {
        await using var none = new HostLeases(Storage, null);
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await none.GrantLeaseAsync(TimeToLive)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.Unsupported));
    }
}
