using WsStorage.Leases;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SessionLeaseTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(10);
    private static readonly Guid Id = Guid.NewGuid();

    private readonly ObservedStorage _storage = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly ServedStorage _served;

    public SessionLeaseTests()
    {
        _served = ScriptedClient.Serve(_storage, timeProvider: _clock);
        _served.KeepLeases(new LeaseOptions());
    }

    public async ValueTask DisposeAsync()
    {
        await _served.Leases!.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Test]
    public async Task A_client_is_granted_a_lease_binds_to_it_and_ends_it()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served, Id);
        await client.SendAsync("G", new LeaseGrantRequest(5, TimeToLive));
        ScriptedClient.Reply granted = await client.ReceiveAsync();
        Assert.That((granted.Type, granted.Id), Is.EqualTo((MessageType.LeaseGrantReply, "G")));
        Assert.That(LeaseGrantReply.Read(granted.Body), Is.EqualTo((5ul, TimeToLive)));
        await BindAsync(client, 5);
        await client.SendAsync("E", new LeaseEndRequest(5));
        ScriptedClient.Reply ended = await client.ReceiveAsync();
        Assert.That((ended.Type, ended.Id), Is.EqualTo((MessageType.LeaseEndReply, "E")));
        Assert.That(await _storage.KeysAsync(), Is.Empty);
        await client.SendAsync("F", new LeaseEndRequest(5));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.LeaseEndReply), "it has ended already");
    }

    [Test]
    public async Task A_lease_ends_when_its_client_has_been_gone_for_its_time()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served, Id);
        await GrantAsync(client, 5);
        await BindAsync(client, 5);
        _clock.Advance(10 * TimeToLive);
        Assert.That(await _storage.HasAsync("bound"), Is.True);
        await client.DisposeAsync();
        _clock.Advance(TimeToLive);
        await _storage.WhenAbsentAsync(LeaseKeys.Record(5));
        Assert.That(await _storage.HasAsync("bound"), Is.False);
    }

    [Test]
    public async Task A_lease_outlasts_a_change_of_connections()
    {
        await using ScriptedClient first = await ScriptedClient.ConnectAsync(_served, Id);
        await GrantAsync(first, 5);
        await BindAsync(first, 5);
        await using ScriptedClient second = await ScriptedClient.ConnectAsync(_served, Id);
        await first.DisposeAsync();
        _clock.Advance(10 * TimeToLive);
        await second.DisposeAsync();
        _clock.Advance(TimeToLive / 2);
        await using ScriptedClient third = await ScriptedClient.ConnectAsync(_served, Id);
        _clock.Advance(10 * TimeToLive);
        await BindAsync(third, 5);
        Assert.That(await _storage.HasAsync("bound"), Is.True);
    }

    [Test]
    public async Task The_end_of_a_lease_counts_after_its_grant_that_is_under_way()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served, Id);
        var blocked = new TaskCompletionSource();
        _storage.BeforeWrite = async _ => await blocked.Task;
        await client.SendAsync("G", new LeaseGrantRequest(5, TimeToLive));
        await client.SendAsync("E", new LeaseEndRequest(5));
        blocked.SetResult();
        var replies = new HashSet<string>(StringComparer.Ordinal) { (await client.ReceiveAsync()).Id, (await client.ReceiveAsync()).Id };
        Assert.That(replies, Is.EquivalentTo(new[] { "G", "E" }));
        Assert.That(await _storage.CountReservedAsync(), Is.Zero);
    }

    [Test]
    public async Task Another_client_can_not_end_a_lease_nor_one_with_its_id_and_another_certificate()
    {
        await using ScriptedClient owner = await ScriptedClient.ConnectAsync(_served, Id);
        await GrantAsync(owner, 5);
        await using ScriptedClient other = await ScriptedClient.ConnectAsync(_served, Guid.NewGuid());
        await other.SendAsync("E", new LeaseEndRequest(5));
        Assert.That((await other.ReceiveErrorAsync("E")).Code, Is.EqualTo(StorageErrorCode.NotFound));
        await using ScriptedClient thief = await ScriptedClient.ConnectAsync(_served, Id, identity: "thief");
        await thief.SendAsync("E", new LeaseEndRequest(5));
        Assert.That((await thief.ReceiveErrorAsync("E")).Code, Is.EqualTo(StorageErrorCode.NotFound));
        await BindAsync(owner, 5);
    }

    [Test]
    public async Task A_client_without_an_id_has_no_leases()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served);
        await client.SendAsync("G", new LeaseGrantRequest(5, TimeToLive));
        Assert.That((await client.ReceiveErrorAsync("G")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        await client.SendAsync("E", new LeaseEndRequest(5));
        Assert.That((await client.ReceiveErrorAsync("E")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
    }

    [Test]
    public async Task A_server_that_keeps_no_leases_says_so()
    {
        ServedStorage without = ScriptedClient.Serve(_storage);
        without.KeepLeases(new LeaseOptions { Enabled = false });
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(without, Id);
        await client.SendAsync("G", new LeaseGrantRequest(5, TimeToLive));
        Assert.That((await client.ReceiveErrorAsync("G")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
    }

    [Test]
    public async Task Leases_are_not_kept_of_a_storage_that_others_keep_them_of()
    {
        await using var remote = new HostLeases(_storage, _served.Leases);
        ServedStorage relay = ScriptedClient.Serve(remote);
        relay.KeepLeases(new LeaseOptions());
        Assert.That(relay.Leases, Is.Null);
    }

    [Test]
    public async Task A_lease_without_a_number_is_refused()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served, Id);
        await client.SendAsync("G", new LeaseGrantRequest(0, TimeToLive));
        Assert.That((await client.ReceiveErrorAsync("G")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
    }

    private static async Task GrantAsync(ScriptedClient client, ulong lease)
    {
        await client.SendAsync("G", new LeaseGrantRequest(lease, TimeToLive));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.LeaseGrantReply));
    }

    private static async Task BindAsync(ScriptedClient client, ulong lease)
    {
        WriteBatch batch = new WriteBatch().RequirePresent(LeaseKeys.Record(lease)).Put("bound", "v")
            .Put(LeaseKeys.Binding(lease, "bound"u8), LeaseKeys.HashOf("v"u8));
        await client.SendAsync("W", new WriteRequest(batch));
        Assert.That(WriteReply.Read((await client.ReceiveAsync()).Body).Applied, Is.True);
    }
}
