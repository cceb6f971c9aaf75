using WsStorage.Leases;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;

namespace WsStorage.WsClient.Tests.Leases;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RemoteLeaseTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Such that no other timer is ever due when the next question is.
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(17.3);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    private readonly ManualTimeProvider _clock = new();
    private readonly ScriptedServer _server = new();
    private readonly WsStorageClient _client;

    public RemoteLeaseTests() => _client = _server.CreateClient(options => options with { TimeProvider = _clock });

    public async ValueTask DisposeAsync() => await _client.DisposeAsync();

    [Test]
    public async Task A_client_chooses_a_number_and_learns_the_time_that_is_granted()
    {
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeSpan.FromMilliseconds(5)).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        Assert.That(request.Type, Is.EqualTo(MessageType.LeaseGrant));
        (ulong id, TimeSpan asked) = LeaseGrantRequest.Read(request.Body);
        Assert.That(asked, Is.EqualTo(TimeSpan.FromMilliseconds(5)));
        await link.ReplyAsync(request, new LeaseGrantReply(id, TimeSpan.FromSeconds(1)));
        StorageLease lease = await granting.WaitAsync(Patience);
        Assert.That((lease.Id, lease.TimeToLive, lease.Storage), Is.EqualTo((id, TimeSpan.FromSeconds(1), (IStorage)_client)));
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);

        // It is asked after three times in its time.
        _clock.Advance(TimeSpan.FromMilliseconds(334));
        Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(MessageType.Get));
    }

    [Test]
    public async Task A_lease_whose_grant_lost_its_connection_is_asked_for_again_by_the_same_number()
    {
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeToLive).AsTask();
        ScriptedServer.Link first = await _server.AcceptAsync();
        (ulong id, _) = LeaseGrantRequest.Read((await first.ReceiveAsync()).Body);
        first.Cut();
        ScriptedServer.Link second = await _server.AcceptAsync();
        ScriptedServer.Request again = await second.ReceiveAsync();
        Assert.That(LeaseGrantRequest.Read(again.Body), Is.EqualTo((id, TimeToLive)));
        await second.ReplyAsync(again, new LeaseGrantReply(id, TimeToLive));
        Assert.That((await granting.WaitAsync(Patience)).Id, Is.EqualTo(id));
    }

    [Test]
    public async Task A_lease_whose_caller_has_given_up_is_ended()
    {
        using var cancellation = new CancellationTokenSource();
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeToLive, cancellation.Token).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        (ulong id, _) = LeaseGrantRequest.Read((await link.ReceiveAsync()).Body);
        await cancellation.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => granting);
        Assert.That(await ReceiveEndAsync(link), Is.EqualTo(id));
    }

    [Test]
    public async Task A_refusal_is_an_error_and_nothing_more_is_said()
    {
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeToLive).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new ErrorReply(StorageErrorCode.Unsupported, WriteOutcome.NotApplied, "no leases"));
        StorageException error = (await Assert.ThrowsAsync<StorageException>(() => granting.WaitAsync(Patience)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.Unsupported));
        Task<GetResult> next = _client.GetAsync("k"u8.ToArray()).AsTask();
        ScriptedServer.Request request = await link.ReceiveAsync();
        Assert.That(request.Type, Is.EqualTo(MessageType.Get));
        await link.ReplyAsync(request, new GetReply(default, found: false, default));
        await next.WaitAsync(Patience);
    }

    [Test]
    public async Task A_grant_of_another_number_is_no_answer()
    {
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeToLive).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        (ulong id, _) = LeaseGrantRequest.Read(request.Body);
        await link.ReplyAsync(request, new LeaseGrantReply(id + 1, TimeToLive));
        Assert.That((await link.ReceiveCloseAsync())?.Code, Is.EqualTo(Transport.CloseReason.ProtocolError));
        Assert.That(granting.IsCompletedSuccessfully, Is.False);
    }

    [Test]
    public async Task A_time_that_is_none_is_refused_without_a_server()
    {
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await _client.GrantLeaseAsync(TimeSpan.Zero)))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    [Test]
    public async Task A_lease_whose_server_answers_lasts()
    {
        (StorageLease lease, ScriptedServer.Link link) = await GrantAsync();
        for (int i = 0; i < 20; i++)
        {
            await LookAsync(link, lease, isThere: true);
        }

        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task A_lease_lasts_for_its_time_from_the_last_question_that_was_answered_and_no_longer()
    {
        (StorageLease lease, ScriptedServer.Link link) = await GrantAsync();
        await LookAsync(link, lease, isThere: true);
        _clock.Advance(Interval);
        await link.ReceiveAsync();
        _clock.Advance(TimeToLive - Interval - Moment);
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
        _clock.Advance(Moment);
        Assert.That(lease.Ended.IsCancellationRequested, Is.True);

        // The server may have kept it all the time.
        Assert.That(await ReceiveEndAsync(link), Is.EqualTo(lease.Id));
        StorageException error = Assert.Throws<StorageException>(() => lease.Bind(new WriteBatch(), "k"u8, "v"u8))!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.LeaseEnded));
    }

    [Test]
    public async Task A_grant_that_takes_longer_than_its_time_to_be_answered_is_of_no_use()
    {
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeToLive).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        _clock.Advance(TimeToLive);
        (ulong id, _) = LeaseGrantRequest.Read(request.Body);
        await link.ReplyAsync(request, new LeaseGrantReply(id, TimeToLive));
        StorageLease lease = await granting.WaitAsync(Patience);
        Assert.That(lease.Ended.IsCancellationRequested, Is.True);
        Assert.That(await ReceiveEndAsync(link), Is.EqualTo(id));
    }

    [Test]
    public async Task A_lease_whose_record_is_gone_has_ended()
    {
        (StorageLease lease, ScriptedServer.Link link) = await GrantAsync();
        var ended = new TaskCompletionSource();
        lease.Ended.Register(ended.SetResult);
        _clock.Advance(Interval);
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        await ended.Task.WaitAsync(Patience);
        Assert.That(await ReceiveEndAsync(link), Is.EqualTo(lease.Id), "what is bound to it has to go too");
    }

    [Test]
    public async Task A_lease_outlasts_its_connection_and_is_asked_after_over_the_next()
    {
        (StorageLease lease, ScriptedServer.Link first) = await GrantAsync();
        first.Cut();
        ScriptedServer.Link second = await _server.AcceptAsync();
        for (int i = 0; i < 5; i++)
        {
            await LookAsync(second, lease, isThere: true);
        }

        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task A_lease_is_asked_after_again_at_once_when_the_answer_came_late_over_the_next_connection()
    {
        (StorageLease lease, ScriptedServer.Link first) = await GrantAsync();
        _clock.Advance(Interval);
        Assert.That((await first.ReceiveAsync()).Type, Is.EqualTo(MessageType.Get));
        first.Cut();
        ScriptedServer.Link second = await _server.AcceptAsync();
        ScriptedServer.Request again = await second.ReceiveAsync();

        // The connection is back within the time to live, but hardly.
        _clock.Advance(TimeToLive - Interval - Moment);
        await second.ReplyAsync(again, new GetReply(default, found: true, "r"u8));
        ScriptedServer.Request next = await second.ReceiveAsync().WaitAsync(Patience);
        Assert.That((next.Type, GetRequest.ReadKey(next.Body).ToArray()), Is.EqualTo((MessageType.Get, LeaseKeys.Record(lease.Id))));
        Task waiting = _clock.WaitForTimerAsync(Interval);
        await second.ReplyAsync(next, new GetReply(default, found: true, "r"u8));
        await waiting.WaitAsync(Patience);

        // From that moment on it has its whole time again.
        _clock.Advance(TimeToLive - Moment);
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task The_end_of_a_lease_is_awaited()
    {
        (StorageLease lease, ScriptedServer.Link link) = await GrantAsync();
        Task ending = lease.DisposeAsync().AsTask();
        Assert.That(lease.Ended.IsCancellationRequested, Is.True);
        ScriptedServer.Request request = await link.ReceiveAsync();
        Assert.That((request.Type, LeaseEndRequest.Read(request.Body)), Is.EqualTo((MessageType.LeaseEnd, lease.Id)));
        Assert.That(ending.IsCompleted, Is.False);
        await link.ReplyAsync(request, new EmptyMessage(MessageType.LeaseEndReply));
        await ending.WaitAsync(Patience);
    }

    [Test]
    public async Task A_lease_that_is_disposed_of_without_a_connection_is_ended_over_the_next()
    {
        (StorageLease lease, ScriptedServer.Link first) = await GrantAsync();
        _server.Failures.Enqueue(new StorageException(StorageErrorCode.ConnectFailed, "down"));
        _server.Random = static () => 1;
        first.Cut();
        await WhenAsync(ConnectionState.Disconnected, ConnectionState.Connecting);
        await lease.DisposeAsync().AsTask().WaitAsync(Patience);

        // Each wait is twice as long as the one before. No more time may pass than that, or the lease ends by itself.
        for (TimeSpan wait = TimeSpan.FromMilliseconds(100); wait <= TimeSpan.FromMilliseconds(200); wait *= 2)
        {
            await _clock.WaitForTimerAsync(wait);
            _clock.Advance(wait);
        }

        ScriptedServer.Link second = await _server.AcceptAsync();
        Assert.That(await ReceiveEndAsync(second), Is.EqualTo(lease.Id));
    }

    [Test]
    public async Task An_end_that_the_server_can_not_make_now_is_asked_for_again()
    {
        (StorageLease lease, ScriptedServer.Link link) = await GrantAsync();
        Task ending = lease.DisposeAsync().AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new ErrorReply(StorageErrorCode.DiskFull, WriteOutcome.NotApplied, "full"));
        await ending.WaitAsync(Patience);
        Assert.That(await ReceiveEndAsync(link), Is.EqualTo(lease.Id));
    }

    [Test]
    public async Task A_client_that_is_disposed_of_has_no_leases()
    {
        (StorageLease lease, _) = await GrantAsync();
        await _client.DisposeAsync();
        _clock.Advance(Interval);
        var ended = new TaskCompletionSource();
        lease.Ended.Register(ended.SetResult);
        await ended.Task.WaitAsync(Patience);
        await lease.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    private static async Task<ulong> ReceiveEndAsync(ScriptedServer.Link link)
    {
        ScriptedServer.Request request;
        while ((request = await link.ReceiveAsync()).Type != MessageType.LeaseEnd)
        {
            Assert.That(request.Type, Is.EqualTo(MessageType.Get), "a question after the record");
        }

        await link.ReplyAsync(request, new EmptyMessage(MessageType.LeaseEndReply));
        return LeaseEndRequest.Read(request.Body);
    }

    private async Task<(StorageLease Lease, ScriptedServer.Link Link)> GrantAsync()
    {
        Task<StorageLease> granting = _client.GrantLeaseAsync(TimeToLive).AsTask();
        ScriptedServer.Link link = await _server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        (ulong id, TimeSpan time) = LeaseGrantRequest.Read(request.Body);
        await link.ReplyAsync(request, new LeaseGrantReply(id, time));
        return (await granting.WaitAsync(Patience), link);
    }

    /// <summary>Lets the client ask after the record, answers, and waits until it has taken the answer.</summary>
    private async Task LookAsync(ScriptedServer.Link link, StorageLease lease, bool isThere)
    {
        _clock.Advance(Interval);
        ScriptedServer.Request request = await link.ReceiveAsync();
        Assert.That(request.Type, Is.EqualTo(MessageType.Get));
        Assert.That(GetRequest.ReadKey(request.Body).ToArray(), Is.EqualTo(LeaseKeys.Record(lease.Id)));
        Task next = _clock.WaitForTimerAsync(Interval);
        await link.ReplyAsync(request, new GetReply(default, isThere, "r"u8));
        await next;
    }

    private async Task WhenAsync(params ConnectionState[] states)
    {
        while (!states.Contains(_client.State))
        {
            await Task.Yield();
        }
    }
}
