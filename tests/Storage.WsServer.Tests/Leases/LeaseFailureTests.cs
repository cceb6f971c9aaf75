using WsStorage.Leases;
using WsStorage.Testing;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LeaseFailureTests : IAsyncDisposable
{
    // Room for one put of the longest key, and no more.
    private static readonly StorageLimits Tight = new(1024, 1024 + StorageLimits.MaxKeyBytes + 64);

    private readonly KeeperFixture _fixture = new(Tight);

    private ObservedStorage Storage => _fixture.Storage;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Test]
    public async Task An_end_that_is_too_large_for_one_batch_is_made_in_several_the_record_first()
    {
        await BindManyAsync();
        var removals = new List<int>();
        bool isRecordThere = true;
        Storage.BeforeWrite = async batch =>
        {
            Assert.That(batch.ByteCount, Is.LessThanOrEqualTo(Tight.MaxBatchBytes));
            isRecordThere = removals.Count == 0 && (await Storage.GetAsync(LeaseKeys.Record(1))).Found;
            removals.Add(batch.Count);
        };
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(removals, Has.Count.GreaterThan(1));
        Assert.That(isRecordThere, Is.False);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [TestCase(1)]
    [TestCase(2)]
    public async Task A_server_that_dies_in_the_middle_of_an_end_finishes_it_after_its_start(int batches)
    {
        await BindManyAsync();
        int left = batches;
        Storage.BeforeWrite = _ => left-- > 0 ? ValueTask.CompletedTask : throw new StorageException(StorageErrorCode.IOError, "dead");
        await Assert.ThatAsync(() => _fixture.Keeper.EndAsync(_fixture.Owner, 1), Throws.InstanceOf<StorageException>());
        Assert.That(await Storage.KeysAsync(), Is.Not.Empty);
        Assert.That((await Storage.GetAsync(LeaseKeys.Record(1))).Found, Is.False);
        Storage.BeforeWrite = null;
        await _fixture.RestartAsync();

        // No time has to pass: what has begun to end has no owner who could come back.
        _fixture.Clock.Advance(TimeSpan.Zero);
        await _fixture.Keeper.StopAsync();
        Assert.That(await Storage.KeysAsync(), Is.Empty);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task The_longest_key_and_value_that_can_be_bound_can_be_removed()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync(new string('k', LeaseKeys.MaxBoundKeyBytes), new string('v', Tight.MaxValueBytes));
        await _fixture.BindAsync(new string('l', LeaseKeys.MaxBoundKeyBytes), new string('v', Tight.MaxValueBytes));
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
    }

    [Test]
    public async Task Keys_that_a_lease_can_not_have_go_and_their_data_stays()
    {
        await _fixture.GrantAsync();
        byte[] longKey = Bytes.Of(new string('k', LeaseKeys.MaxBoundKeyBytes + 1));
        await Storage.PutAsync(longKey, "v"u8.ToArray());
        await Storage.PutAsync((byte[])[.. LeaseKeys.Record(1), (byte)'/', .. longKey], LeaseKeys.HashOf("v"u8));
        await Storage.PutAsync((byte[])[.. LeaseKeys.Record(1), (byte)'?'], "x"u8.ToArray());
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        Assert.That((await Storage.GetAsync(longKey)).Found, Is.True);
    }

    [Test]
    public async Task What_is_bound_while_a_lease_ends_goes_with_it()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("first", "1");
        bool isFirst = true;
        Storage.BeforeWrite = async _ =>
        {
            if (isFirst)
            {
                isFirst = false;
                await _fixture.BindAsync("meanwhile", "1");
            }
        };
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task A_client_that_binds_without_a_pause_does_not_keep_its_lease_from_ending()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("k", "0");
        int attempts = 0;
        Storage.BeforeWrite = async _ => await _fixture.BindAsync("k", $"{++attempts}");
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(attempts, Is.GreaterThan(1));
        Assert.That(await Storage.KeysAsync(), Is.Empty);
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task A_key_that_another_overwrites_while_the_lease_ends_is_left_alone()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("a", "1");
        await _fixture.BindAsync("b", "1");
        bool isFirst = true;
        Storage.BeforeWrite = async _ =>
        {
            if (isFirst)
            {
                isFirst = false;
                await Storage.WriteUnseenAsync(new WriteBatch().Put("a", "another's"));
            }
        };
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public async Task A_key_that_is_bound_anew_after_it_was_found_to_be_another_s_goes_too()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("k", "1");
        await Storage.PutStringAsync("k", "another's");
        bool isFirst = true;
        Storage.BeforeWrite = async _ =>
        {
            if (isFirst)
            {
                isFirst = false;
                await _fixture.BindAsync("k", "2");
            }
        };
        await _fixture.Keeper.EndAsync(_fixture.Owner, 1);
        Assert.That(await Storage.KeysAsync(), Is.Empty);
    }

    [Test]
    public async Task Whatever_is_bound_at_the_same_time_by_many_is_gone_after_the_end()
    {
        for (int round = 0; round < 50; round++)
        {
            ulong lease = (ulong)round + 1;
            await _fixture.GrantAsync(lease);
            var begun = new TaskCompletionSource();
            Task[] clients = [.. Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
            {
                for (int i = 0; await _fixture.BindAsync($"{client}/{i % 5}", $"{lease}/{i}", lease); i++)
                {
                    begun.TrySetResult();
                }
            }))];
            await begun.Task;
            await _fixture.Keeper.EndAsync(_fixture.Owner, lease);
            await Task.WhenAll(clients);
            Assert.That(await Storage.KeysAsync(), Is.Empty, $"round {round}");
            Assert.That(await Storage.CountReservedAsync(), Is.Zero);
        }
    }

    [Test]
    public async Task An_end_that_fails_is_tried_again_even_if_the_session_has_come_back()
    {
        await _fixture.GrantAsync();
        await _fixture.BindAsync("bound", "1");
        Storage.BeforeWrite = _ => throw new StorageException(StorageErrorCode.DiskFull, "full");
        _fixture.Presence.Disconnect(_fixture.Owner);
        Task retry = _fixture.Clock.WaitForTimerAsync(KeeperFixture.TimeToLive + LeaseKeeper.RetryDelay);
        _fixture.Clock.Advance(KeeperFixture.TimeToLive);
        await retry;
        Storage.BeforeWrite = null;
        _fixture.Presence.Connect(_fixture.Owner);
        Assert.That(await Storage.HasAsync("bound"), Is.True);
        _fixture.Clock.Advance(LeaseKeeper.RetryDelay);
        await _fixture.WhenGoneAsync();
        Assert.That(await Storage.HasAsync("bound"), Is.False);
    }

    [Test]
    public async Task A_grant_that_fails_after_it_was_written_leaves_nothing()
    {
        Storage.BeforeWrite = async batch =>
        {
            Storage.BeforeWrite = null;
            await Storage.WriteUnseenAsync(batch);
            throw new StorageException(StorageErrorCode.IOError, "lost", WriteOutcome.Unknown);
        };
        await Assert.ThatAsync(() => _fixture.GrantAsync(), Throws.InstanceOf<StorageException>());
        await _fixture.WhenGoneAsync();
        await _fixture.Keeper.StopAsync();
        Assert.That(await Storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task A_store_that_can_not_be_read_is_asked_again_later()
    {
        await _fixture.GrantAsync();
        Storage.ReadFailure = new StorageException(StorageErrorCode.IOError, "unreadable");
        await Assert.ThatAsync(_fixture.RestartAsync, Throws.InstanceOf<StorageException>());
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => _fixture.GrantAsync(2)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.IOError));
        Storage.ReadFailure = null;
        _fixture.Clock.Advance(LeaseKeeper.RetryDelay);
        await _fixture.GrantAsync(2);
        Assert.That(_fixture.Keeper.Count, Is.EqualTo(2));
    }

    [Test]
    public async Task A_storage_that_is_read_only_has_no_leases()
    {
        Storage.IsReadOnly = true;
        await Assert.ThatAsync(_fixture.RestartAsync, Throws.InstanceOf<StorageException>());
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => _fixture.GrantAsync()))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.ReadOnly));
        Assert.That(_fixture.Keeper.Count, Is.Zero);
        Assert.That(_fixture.Clock.ActiveTimers, Is.Zero);
    }

    [Test]
    public async Task A_replica_has_no_leases_of_its_own_and_ends_none_of_its_source()
    {
        await _fixture.GrantAsync();
        Revision before = Storage.Revision;
        Storage.Staleness = TimeSpan.Zero;
        await Assert.ThatAsync(_fixture.RestartAsync, Throws.InstanceOf<StorageException>());
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => _fixture.GrantAsync()))!;
        Assert.That(error.Message, Does.StartWith("The storage is a replica"));
        Assert.That(_fixture.Clock.ActiveTimers, Is.Zero);
        Assert.That(Storage.Revision, Is.EqualTo(before));
    }

    [Test]
    public async Task A_record_of_a_later_version_is_left_alone()
    {
        byte[] later = [2, 1, 2, 3];
        await Storage.PutAsync(LeaseKeys.Record(9), later);
        await Storage.PutAsync(LeaseKeys.Binding(9, "k"u8), LeaseKeys.HashOf("v"u8));
        await Storage.PutStringAsync("k", "v");
        await _fixture.RestartAsync();
        _fixture.Clock.Advance(TimeSpan.FromDays(365));
        await _fixture.Keeper.StopAsync();
        Assert.That((await Storage.GetAsync(LeaseKeys.Record(9))).Value, Is.EqualTo(later));
        Assert.That(await Storage.HasAsync("k"), Is.True);
    }

    private async Task BindManyAsync()
    {
        await _fixture.GrantAsync();
        for (int i = 0; i < 200; i++)
        {
            await _fixture.BindAsync($"key {i:d4}", $"{i:d4} {new string('x', 900)}");
        }
    }
}
