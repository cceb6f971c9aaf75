using WsStorage.Leases;
using WsStorage.Testing;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LeaseKeeperTests : IAsyncDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    private readonly KeeperFixture _fixture = new();

    private LeaseKeeper Keeper => _fixture.Keeper;

    private ObservedStorage Storage => _fixture.Storage;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Test]
    public async Task What_is_bound_to_a_lease_is_removed_when_its_session_has_been_away_for_its_time()
    {
        Assert.That(await _fixture.GrantAsync(), Is.EqualTo(KeeperFixture.TimeToLive));
        Assert.That(await _fixture.BindAsync("bound", "1"), Is.True);
        await Storage.PutStringAsync("other", "1");
        _fixture.Presence.Disconnect(_fixture.Owner);
        _fixture.Clock.Advance(KeeperFixture.TimeToLive);
        await _fixture.WhenGoneAsync();
        Assert.That(await Storage.KeysAsync(), Is.EqualTo(new[] { "other" }));
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That(await _fixture.BindAsync("late", "1"), Is.False);
    }

    [Test]
    public async Task A_lease_lasts_while_its_session_is_away_for_less_than_its_time()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("bound", "1");
        _fixture.Presence.Disconnect(_fixture.Owner);
        _fixture.Clock.Advance(KeeperFixture.TimeToLive - Moment);
        await Keeper.StopAsync();
        Assert.That(await Storage.HasAsync("bound"), Is.True);
    }

    [Test]
    public async Task A_lease_does_not_age_while_its_session_is_connected()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("bound", "1");
        _fixture.Clock.Advance(10 * KeeperFixture.TimeToLive);
        for (int i = 0; i < 3; i++)
        {
            // Each absence is counted by itself.
            _fixture.Presence.Disconnect(_fixture.Owner);
            _fixture.Clock.Advance(KeeperFixture.TimeToLive - Moment);
            _fixture.Presence.Connect(_fixture.Owner);
            _fixture.Clock.Advance(KeeperFixture.TimeToLive);
        }

        await Keeper.StopAsync();
        Assert.That(await Storage.HasAsync("bound"), Is.True);
    }

    [Test]
    public async Task A_server_that_is_about_to_stop_ends_no_lease_of_a_client_that_it_does_not_let_in_any_more()
    {
        await _fixture.GrantAsync();
        await _fixture.GrantAsync(id: 2);
        await _fixture.BindAsync("bound", "1");
        Keeper.Hold();
        _fixture.Presence.Disconnect(_fixture.Owner);
        _fixture.Clock.Advance(2 * KeeperFixture.TimeToLive);

        // What is asked for is done, and takes long enough for the other to have been ended.
        await Keeper.EndAsync(_fixture.Owner, 2);
        await Keeper.StopAsync();
        Assert.That((await Storage.HasAsync("bound"), Keeper.Count), Is.EqualTo((true, 1)));
    }

    [Test]
    public async Task After_a_restart_a_lease_has_its_whole_time_again()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("bound", "1");
        await _fixture.RestartAsync();
        _fixture.Clock.Advance(KeeperFixture.TimeToLive - Moment);
        Assert.That(Keeper.Count, Is.EqualTo(1));
        _fixture.Clock.Advance(Moment);
        await _fixture.WhenGoneAsync();
        Assert.That(await Storage.HasAsync("bound"), Is.False);
    }

    [Test]
    public async Task A_session_that_comes_back_after_a_restart_has_its_leases_still()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("bound", "1");
        await _fixture.RestartAsync();
        _fixture.Clock.Advance(KeeperFixture.TimeToLive - Moment);
        _fixture.Presence.Connect(_fixture.Owner);
        _fixture.Clock.Advance(10 * KeeperFixture.TimeToLive);
        Assert.That(await _fixture.BindAsync("more", "1"), Is.True);
        await Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
    }

    [Test]
    public async Task A_lease_that_is_ended_goes_with_all_that_is_bound_to_it_in_one_batch()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("a", "1");
        await _fixture.BindAsync("b", "2");
        await _fixture.BindAsync(string.Empty, "the empty key");
        Revision before = Storage.Revision;
        await Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(Storage.Revision.Value, Is.EqualTo(before.Value + 1));
        Assert.That(await Storage.KeysAsync(), Is.Empty);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That(Keeper.Count, Is.Zero);
    }

    [Test]
    public async Task A_key_that_was_overwritten_or_removed_is_left_as_it_is_and_one_bound_anew_goes()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("anew", "1");
        await _fixture.BindAsync("anew", "2");
        await _fixture.BindAsync("overwritten", "1");
        await Storage.PutStringAsync("overwritten", "by another");
        await _fixture.BindAsync("removed", "1");
        await Storage.RemoveStringAsync("removed");
        await Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.EqualTo(new[] { "overwritten" }));
        Assert.That(await Storage.GetStringAsync("overwritten"), Is.EqualTo("by another"));
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task Only_its_own_session_ends_a_lease_and_one_that_is_not_there_has_ended()
    {
        await _fixture.GrantAsync();
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => Keeper.EndAsync(Guid.NewGuid(), 1)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.NotFound));
        await Keeper.EndAsync(_fixture.Owner, 2);
        Assert.That(await _fixture.BindAsync("k", "v"), Is.True);
        await Keeper.EndAsync(_fixture.Owner, 1);
        await Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
    }

    [Test]
    public async Task A_lease_that_is_asked_for_again_is_granted_once()
    {
        Task<TimeSpan> first = _fixture.GrantAsync();
        Task<TimeSpan> second = _fixture.GrantAsync();
        await Task.WhenAll(first, second);
        Revision granted = Storage.Revision;
        await _fixture.RestartAsync();
        await _fixture.GrantAsync();
        Assert.That(Storage.Revision, Is.EqualTo(granted));
        Assert.That(Keeper.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task A_lease_that_is_asked_for_again_before_the_store_was_read_is_granted_once()
    {
        await _fixture.GrantAsync();
        await _fixture.Keeper.StopAsync();
        await using var keeper = new LeaseKeeper(
            Storage, _fixture.Presence, _fixture.Options, _fixture.Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await keeper.GrantAsync(_fixture.Owner, 1, KeeperFixture.TimeToLive);
        await keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That(keeper.Count, Is.Zero);
    }

    [Test]
    public async Task The_number_of_another_lease_or_of_one_that_has_ended_is_not_granted()
    {
        await _fixture.GrantAsync();
        StorageException taken = (await Assert.ThrowsAsync<StorageException>(() => Keeper.GrantAsync(Guid.NewGuid(), 1, KeeperFixture.TimeToLive)))!;
        Assert.That(taken.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        var blocked = new TaskCompletionSource();
        Storage.BeforeWrite = async _ => await blocked.Task;
        Task ending = Keeper.EndAsync(_fixture.Owner, 1);
        StorageException over = (await Assert.ThrowsAsync<StorageException>(() => _fixture.GrantAsync()))!;
        Assert.That(over.Code, Is.EqualTo(StorageErrorCode.LeaseEnded));
        blocked.SetResult();
        await ending;
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task A_record_that_is_there_already_is_not_overwritten()
    {
        byte[] foreign = new LeaseRecord(Guid.NewGuid(), KeeperFixture.TimeToLive).Encode();
        await Storage.PutAsync(LeaseKeys.Record(7), foreign);
        StorageException taken = (await Assert.ThrowsAsync<StorageException>(() => _fixture.GrantAsync(7)))!;
        Assert.That(taken.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That((await Storage.GetAsync(LeaseKeys.Record(7))).Value, Is.EqualTo(foreign));
    }

    [Test]
    public async Task The_end_of_a_lease_that_is_being_granted_leaves_nothing()
    {
        var blocked = new TaskCompletionSource();
        Storage.BeforeWrite = async _ => await blocked.Task;
        Task granting = _fixture.GrantAsync();
        Task ending = Keeper.EndAsync(_fixture.Owner, 1);
        blocked.SetResult();
        await granting;
        await ending;
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That(Keeper.Count, Is.Zero);
    }

    [Test]
    public async Task A_session_that_goes_while_a_lease_is_granted_to_it_loses_it_in_time()
    {
        var blocked = new TaskCompletionSource();
        Storage.BeforeWrite = async _ => await blocked.Task;
        Task granting = _fixture.GrantAsync();
        _fixture.Presence.Disconnect(_fixture.Owner);
        _fixture.Clock.Advance(KeeperFixture.TimeToLive);
        blocked.SetResult();
        await granting;
        await Keeper.StopAsync();
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task One_timer_serves_all_leases_and_each_ends_at_its_own_time()
    {
        for (ulong id = 1; id <= 20; id++)
        {
            await _fixture.GrantAsync(id, TimeSpan.FromSeconds(id));
            await _fixture.BindAsync($"{id:d2}", $"{id}", id);
        }

        _fixture.Presence.Disconnect(_fixture.Owner);
        Assert.That(_fixture.Clock.ActiveTimers, Is.EqualTo(1));
        for (ulong id = 1; id <= 20; id++)
        {
            _fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await _fixture.WhenGoneAsync(id);
            Assert.That(await Storage.KeysAsync(), Has.Count.EqualTo(20 - (int)id));
        }
    }

    [Test]
    public async Task A_lease_with_a_time_longer_than_timers_take_ends_in_time()
    {
        await _fixture.GrantAsync(timeToLive: TimeSpan.FromDays(30));
        await _fixture.BindAsync("bound", "1");
        _fixture.Presence.Disconnect(_fixture.Owner);
        _fixture.Clock.Advance(TimeSpan.FromDays(29));
        Assert.That(await Storage.HasAsync("bound"), Is.True);
        _fixture.Clock.Advance(TimeSpan.FromDays(1));
        await _fixture.WhenGoneAsync();
        Assert.That(await Storage.HasAsync("bound"), Is.False);
    }

    [TestCase(1, 1000)]
    [TestCase(2500, 2500)]
    [TestCase(int.MaxValue * 100L, 30 * 24 * 3600 * 1000L)]
    public async Task The_time_is_kept_within_bounds_and_told(long asked, long granted)
    {
        TimeSpan told = await _fixture.GrantAsync(timeToLive: TimeSpan.FromMilliseconds(asked));
        Assert.That(told, Is.EqualTo(TimeSpan.FromMilliseconds(granted)));
        Assert.That(LeaseRecord.TryDecode((await Storage.GetAsync(LeaseKeys.Record(1))).Value, out LeaseRecord record), Is.True);
        Assert.That(record, Is.EqualTo(new LeaseRecord(_fixture.Owner, told)));
    }

    [Test]
    public async Task No_more_leases_are_granted_than_may_be_and_an_ended_one_makes_room()
    {
        await using var fixture = new KeeperFixture(options: new LeaseOptions { MaxLeases = 3, MaxLeasesPerSession = 2 });
        await fixture.GrantAsync(1);
        await fixture.GrantAsync(2);
        StorageException own = (await Assert.ThrowsAsync<StorageException>(() => fixture.GrantAsync(3)))!;
        Assert.That(own.Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        await fixture.Keeper.GrantAsync(Guid.NewGuid(), 4, KeeperFixture.TimeToLive);
        StorageException all = (await Assert.ThrowsAsync<StorageException>(() => fixture.Keeper.GrantAsync(Guid.NewGuid(), 5, KeeperFixture.TimeToLive)))!;
        Assert.That(all.Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        await fixture.Keeper.EndAsync(fixture.Owner, 1);
        await fixture.GrantAsync(3);
    }

    [Test]
    public async Task The_leases_of_clients_outlast_the_stop_of_the_server()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("bound", "1");
        _fixture.Presence.Disconnect(_fixture.Owner);
        await Keeper.StopAsync();
        _fixture.Clock.Advance(TimeSpan.FromDays(365));
        Assert.That(await Storage.HasAsync("bound"), Is.True);
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => _fixture.GrantAsync(2)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.ShuttingDown));
    }

    [Test]
    public void Options_that_contradict_each_other_are_refused()
    {
        var times = new LeaseOptions { MinTimeToLive = TimeSpan.FromHours(2), MaxTimeToLive = TimeSpan.FromHours(1) };
        Assert.That(times.Validate, Throws.InstanceOf<StorageException>());
        Assert.That(new LeaseOptions { MaxLeases = -1 }.Validate, Throws.InstanceOf<StorageException>());
        Assert.That(new LeaseOptions().Validate, Throws.Nothing);
    }
}
