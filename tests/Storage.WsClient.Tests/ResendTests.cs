using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class ResendTests
{
    private static readonly byte[] Key = "k"u8.ToArray();

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedServer _server = new();

    [Test]
    public async Task Requests_that_change_nothing_twice_are_sent_again_in_the_order_of_their_calls()
    {
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        Task<GetManyResult> getMany = client.GetManyAsync([Key]).AsTask();
        Task<StorageInfo> info = client.GetInfoAsync().AsTask();
        Task keep = client.KeepHistoryAsync("replica", new Revision(3), TimeSpan.FromHours(1)).AsTask();
        Task<int> invalidate = client.InvalidateAsync([KeyRange.All]).AsTask();
        MessageType[] types = [MessageType.Get, MessageType.GetMany, MessageType.Info, MessageType.KeepHistory, MessageType.Invalidate];
        ScriptedServer.Link link = await _server.AcceptAsync();
        for (int loss = 0; loss < 3; loss++)
        {
            foreach (MessageType type in types)
            {
                Assert.That((await link.ReceiveAsync()).Type, Is.EqualTo(type));
            }

            link.Cut();
            link = await _server.AcceptAsync();
        }

        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(new Revision(9), found: true, Key));
        await link.ReplyAsync(await link.ReceiveAsync(), new GetManyReply(default, [Key]));
        ScriptedServer.Request infoRequest = await link.ReceiveAsync();
        ScriptedServer.Request keepRequest = await link.ReceiveAsync();
        KeepHistoryRequest kept = KeepHistoryRequest.Read(keepRequest.Body);
        Assert.That((kept.Follower, kept.After, kept.Duration), Is.EqualTo(("replica", new Revision(3), TimeSpan.FromHours(1))));
        await link.ReplyAsync(keepRequest, new EmptyMessage(MessageType.KeepHistoryReply));
        ScriptedServer.Request invalidateRequest = await link.ReceiveAsync();
        Assert.That(InvalidateRequest.Read(invalidateRequest.Body), Is.EqualTo(new[] { KeyRange.All }));
        await link.ReplyAsync(invalidateRequest, new InvalidateReply(17));
        await link.ReplyAsync(infoRequest, new ErrorReply(StorageErrorCode.ReadOnly, WriteOutcome.NotApplied, "no"));
        Assert.That((await get.Soon()).Value, Is.EqualTo(Key));
        Assert.That((await getMany.Soon()).Values, Has.Length.EqualTo(1));
        await keep.Soon();
        Assert.That(await invalidate.Soon(), Is.EqualTo(17));
        Assert.That((await info.FailureAsync()).Code, Is.EqualTo(StorageErrorCode.ReadOnly));
    }

    [Test]
    public async Task What_makes_no_sense_is_refused_before_it_is_sent()
    {
        await using WsStorageClient client = CreateClient();
        await RefuseAsync(client.KeepHistoryAsync(string.Empty, default, TimeSpan.Zero).AsTask(), "1 to 256");
        await RefuseAsync(client.KeepHistoryAsync(new string('ä', 129), default, TimeSpan.Zero).AsTask(), "258 bytes");
        await RefuseAsync(client.KeepHistoryAsync("a", default, TimeSpan.FromTicks(-1)).AsTask(), "zero or more");
        Assert.That(() => client.InvalidateAsync([]), Throws.InstanceOf<StorageException>().With.Message.Contains("0 ranges"));
        Assert.That(() => client.InvalidateAsync(new KeyRange[65_537]), Throws.InstanceOf<StorageException>().With.Message.Contains("65537 ranges"));
        Assert.That(_server.Tried, Is.Empty);

        static async Task RefuseAsync(Task call, string why)
        {
            StorageException error = await call.FailureAsync();
            Assert.That((error.Code, error.Message), Is.EqualTo((StorageErrorCode.InvalidArgument, error.Message)));
            Assert.That(error.Message, Does.Contain(why));
        }
    }

    [Test]
    public async Task Thousands_of_operations_wait_for_a_connection_and_are_sent_in_order()
    {
        _server.Random = () => 1;
        _server.Refuse = _ => new StorageException(StorageErrorCode.ConnectFailed, "down");
        await using WsStorageClient client = CreateClient();
        Task<GetResult>[] gets = [.. Enumerable.Range(0, 5000).Select(i => client.GetAsync(BitConverter.GetBytes(i)).AsTask())];
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        _server.Refuse = _ => null;
        _time.Advance(TimeSpan.FromMilliseconds(100));
        ScriptedServer.Link link = await _server.AcceptAsync();
        for (int i = 0; i < gets.Length; i++)
        {
            ScriptedServer.Request request = await link.ReceiveAsync();
            Assert.That(BitConverter.ToInt32(request.Body.AsSpan(1)), Is.EqualTo(i));
            await link.ReplyAsync(request, new GetReply(default, found: true, request.Body.AsSpan(1)));
        }

        GetResult[] results = await Task.WhenAll(gets).Soon();
        Assert.That(results.Select(result => BitConverter.ToInt32(result.Value!)), Is.EqualTo(Enumerable.Range(0, 5000)));
    }

    [Test]
    public async Task What_comes_back_from_a_lost_connection_may_exceed_the_bound_and_what_is_new_may_not()
    {
        _server.Session = new SessionFacts(true, 0, TimeSpan.FromDays(7));
        await using WsStorageClient client = _server.CreateClient(options => options with { TimeProvider = _time, MaxWaitingBytes = 5000 });
        await client.ConnectAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        var puts = new List<Task<Revision>>();
        for (int i = 0; i < 10; i++)
        {
            puts.Add(client.PutAsync(Key, new byte[1000]).AsTask());
            await link.ReceiveAsync();
        }

        _server.Random = () => 1;
        link.Cut();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));
        Assert.That((await client.GetAsync(Key).AsTask().FailureAsync()).Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        link = await _server.AcceptAsync();
        foreach (Task<Revision> put in puts)
        {
            Numbered write = Numbered.Read(await link.ReceiveAsync());
            await link.ReplyAsync(write.Id, new NumberedWriteReply(WriteResult.AppliedAt(new Revision(1))));
            await put.Soon();
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_a_stopping_server_has_refused_waits_for_the_next_one(bool appliesOnce)
    {
        _server.Session = new SessionFacts(appliesOnce, 0, TimeSpan.FromDays(7));
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        Task<Revision> first = client.PutAsync(Key, new byte[] { 1 }).AsTask();
        Task<Revision> second = client.PutAsync(Key, new byte[] { 2 }).AsTask();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        ScriptedServer.Request[] requests = [await link.ReceiveAsync(), await link.ReceiveAsync(), await link.ReceiveAsync()];
        var stopping = new ErrorReply(StorageErrorCode.ShuttingDown, WriteOutcome.NotApplied, "stopping");
        await link.ReplyAsync(requests[1], stopping);
        await link.ReplyAsync(requests[0], stopping);
        await link.ReplyAsync(requests[2], new GetReply(default, found: false, default));
        await get.Soon();
        Task<Revision> third = client.PutAsync(Key, new byte[] { 3 }).AsTask();
        await link.CloseAsync(new CloseReason(CloseReason.GoingAway, "stopped"));
        link = await _server.AcceptAsync();
        foreach (Task<Revision> put in new[] { first, second, third })
        {
            ScriptedServer.Request request = await link.ReceiveAsync();
            if (appliesOnce)
            {
                Assert.That(Numbered.Read(request).Stamp.IsResend, Is.False, "it was refused, so it was never applied");
                await link.ReplyAsync(request, new NumberedWriteReply(WriteResult.AppliedAt(new Revision(1))));
            }
            else
            {
                await link.ReplyAsync(request, new WriteReply(WriteResult.AppliedAt(new Revision(1))));
            }

            await put.Soon();
        }
    }

    [Test]
    public async Task A_server_that_goes_on_after_all_is_asked_again_after_a_while()
    {
        await using WsStorageClient client = CreateClient();
        await client.ConnectAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new ErrorReply(StorageErrorCode.ShuttingDown, WriteOutcome.NotApplied, "stopping"));
        Task<ScriptedServer.Request> again = link.ReceiveAsync();
        IAsyncEnumerator<WatchEvent> watch = client.WatchAsync(new WatchOptions()).GetAsyncEnumerator();
        Task<WatchEvent> mark = watch.NextAsync();
        ScriptedServer.Request request = await again.Soon();
        Assert.That(request.Type, Is.EqualTo(MessageType.Watch), "what the server says about requests does not hold watches up");
        await link.ReplyAsync(request, new WatchMarkMessage(default));
        await mark;
        Assert.That(link.HasRequest, Is.False);
        _time.Advance(TimeSpan.FromSeconds(12));
        request = await link.ReceiveAsync();
        await link.ReplyAsync(request, new GetReply(default, found: false, default));
        await get.Soon();
        await watch.DisposeAsync();
    }

    private WsStorageClient CreateClient() => _server.CreateClient(options => options with { TimeProvider = _time });
}
