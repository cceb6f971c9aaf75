using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

public class ClientRequestTests
{
    private static readonly byte[] Key = "k"u8.ToArray();

    [Test]
    public async Task Replies_are_matched_by_id_in_whatever_order_they_come()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<GetResult>[] gets = [.. Enumerable.Range(0, 50).Select(i => client.GetAsync(new[] { (byte)i }).AsTask())];
        ScriptedServer.Link link = await server.AcceptAsync();
        var requests = new List<ScriptedServer.Request>();
        for (int i = 0; i < gets.Length; i++)
        {
            requests.Add(await link.ReceiveAsync());
        }

        foreach (ScriptedServer.Request request in Enumerable.Reverse(requests))
        {
            // The key is a field of one byte: it is sent back as the value.
            await link.ReplyAsync(request, new GetReply(new Revision(7), found: true, request.Body.AsSpan(1)));
        }

        for (int i = 0; i < gets.Length; i++)
        {
            GetResult result = await gets[i].WaitAsync(TimeSpan.FromSeconds(60));
            Assert.That(result.Value, Is.EqualTo(new[] { (byte)i }));
            Assert.That(result.Revision, Is.EqualTo(new Revision(7)));
        }
    }

    [Test]
    public async Task An_error_reply_is_an_exception_with_its_code_and_outcome()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        ValueTask<Revision> put = client.PutAsync(Key, Key);
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new ErrorReply(StorageErrorCode.DiskFull, WriteOutcome.Unknown, "full"));
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await put))!;
        Assert.That((error.Code, error.Outcome, error.Message), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.Unknown, "full")));
    }

    [Test]
    public async Task A_cancelled_call_ends_its_wait_and_leaves_the_connection_usable()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        using var cancellation = new CancellationTokenSource();
        Task<GetResult> cancelled = client.GetAsync(Key, cancellation.Token).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request request = await link.ReceiveAsync();
        await cancellation.CancelAsync();
        await Assert.ThatAsync(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());

        // The reply comes late, and is dropped; the next request is answered as ever.
        await link.ReplyAsync(request, new GetReply(default, found: false, default));
        Task<GetResult> next = client.GetAsync(Key).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(new Revision(3), found: false, default));
        Assert.That((await next.WaitAsync(TimeSpan.FromSeconds(60))).Revision, Is.EqualTo(new Revision(3)));
        Assert.That(client.State, Is.EqualTo(ConnectionState.Connected));
    }

    [Test]
    public async Task A_result_that_is_asked_for_too_early_or_twice_harms_no_other_request()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
#pragma warning disable CA2012 // Wrong use is what is tested.
        ValueTask<GetResult> first = client.GetAsync(new byte[] { 1 });
        Assert.That(() => first.GetAwaiter().GetResult(), Throws.InvalidOperationException);
        ValueTask<GetResult> second = client.GetAsync(new byte[] { 2 });
        ScriptedServer.Link link = await server.AcceptAsync();
        await AnswerAsync();
        await AnswerAsync();
        Assert.That((await first).Value, Is.EqualTo(new byte[] { 1 }));
        Assert.That((await second).Value, Is.EqualTo(new byte[] { 2 }));
        Assert.That(() => first.GetAwaiter().GetResult(), Throws.InvalidOperationException);
        Task<GetResult>[] next = [client.GetAsync(new byte[] { 3 }).AsTask(), client.GetAsync(new byte[] { 4 }).AsTask(), client.GetAsync(new byte[] { 5 }).AsTask()];
#pragma warning restore CA2012
        for (int i = 0; i < next.Length; i++)
        {
            await AnswerAsync();
        }

        GetResult[] results = await Task.WhenAll(next).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(results.Select(result => result.Value![0]), Is.EqualTo(new byte[] { 3, 4, 5 }));

        async Task AnswerAsync()
        {
            ScriptedServer.Request request = await link.ReceiveAsync();
            await link.ReplyAsync(request, new GetReply(new Revision(1), found: true, request.Body.AsSpan(1)));
        }
    }

    [Test]
    public async Task A_call_whose_token_is_cancelled_already_sends_nothing()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThatAsync(async () => await client.GetAsync(Key, cancelled), Throws.InstanceOf<OperationCanceledException>());
        await Assert.ThatAsync(async () => await client.WriteAsync(new WriteBatch().Put(Key, Key), cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(client.State, Is.EqualTo(ConnectionState.Disconnected));
    }

    [Test]
    public async Task A_request_that_is_not_answered_times_out_and_a_write_says_that_it_may_have_been_applied()
    {
        var time = new ManualTimeProvider();
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient(options => options with { TimeProvider = time });
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        Task<Revision> put = client.PutAsync(Key, Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        ScriptedServer.Request write = await link.ReceiveAsync();
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.That(get.IsCompleted, Is.False);
        time.Advance(TimeSpan.FromSeconds(2));
        StorageException read = (await Assert.ThrowsAsync<StorageException>(() => get))!;
        Assert.That((read.Code, read.Outcome), Is.EqualTo((StorageErrorCode.Timeout, WriteOutcome.NotApplied)));
        StorageException written = (await Assert.ThrowsAsync<StorageException>(() => put))!;
        Assert.That((written.Code, written.Outcome), Is.EqualTo((StorageErrorCode.Timeout, WriteOutcome.Unknown)));
        await link.ReplyAsync(write, new WriteReply(WriteResult.AppliedAt(new Revision(1))));
        Task<GetResult> next = client.GetAsync(Key).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await next.WaitAsync(TimeSpan.FromSeconds(60))).Found, Is.False);
    }

    [Test]
    public async Task No_more_requests_are_in_flight_than_the_server_allows()
    {
        var server = new ScriptedServer { Limits = new SessionLimits(1 << 25, 1 << 24, 1 << 25, 2, 32, 1000) };
        await using WsStorageClient client = server.CreateClient();
        Task<GetResult>[] gets = [.. Enumerable.Range(0, 3).Select(_ => client.GetAsync(Key).AsTask())];
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request first = await link.ReceiveAsync();
        await link.ReceiveAsync();
        Task<ScriptedServer.Request> third = link.ReceiveAsync();
        Assert.That(third.IsCompleted, Is.False);
        await link.ReplyAsync(first, new GetReply(default, found: false, default));
        await third;
        Assert.That((await gets[0].WaitAsync(TimeSpan.FromSeconds(60))).Found, Is.False);
    }

    [Test]
    public async Task More_bytes_than_may_wait_are_refused_and_nothing_was_applied()
    {
        var server = new ScriptedServer { Limits = new SessionLimits(1 << 25, 1 << 24, 1 << 25, 1, 32, 1000) };
        await using WsStorageClient client = server.CreateClient(options => options with { MaxWaitingBytes = 1000 });
        await client.ConnectAsync();
        ValueTask<Revision> inFlight = client.PutAsync(Key, new byte[10]);
        ValueTask<Revision> waits = client.PutAsync(Key, new byte[900]);
        StorageException error = (await Assert.ThrowsAsync<StorageException>(async () => await client.PutAsync(Key, new byte[900])))!;
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.LimitExceeded, WriteOutcome.NotApplied)));
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new WriteReply(WriteResult.AppliedAt(new Revision(1))));
        await link.ReplyAsync(await link.ReceiveAsync(), new WriteReply(WriteResult.AppliedAt(new Revision(2))));
        Assert.That((await inFlight).Value, Is.EqualTo(1));
        Assert.That((await waits).Value, Is.EqualTo(2));
    }

    [Test]
    public async Task What_the_server_would_not_take_is_refused_before_it_is_sent()
    {
        var server = new ScriptedServer { Limits = new SessionLimits(200_000, 1000, 100_000, 10, 32, 1000) };
        await using WsStorageClient client = server.CreateClient();
        await client.ConnectAsync();
        await AssertRefusedAsync(() => client.PutAsync(Key, new byte[1001]), StorageErrorCode.ValueTooLarge);
        await AssertRefusedAsync(() => client.PutAsync(new byte[StorageLimits.MaxKeyBytes + 1], Key), StorageErrorCode.KeyTooLarge);
        var batch = new WriteBatch();
        for (int i = 0; i < 101; i++)
        {
            batch.Put(Key, new byte[1000]);
        }

        await AssertRefusedAsync(() => client.WriteAsync(batch), StorageErrorCode.BatchTooLarge);
        ReadOnlyMemory<byte>[] keys = [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[60_000], 4)];
        await AssertRefusedAsync(() => client.GetManyAsync(keys), StorageErrorCode.BatchTooLarge);

        static async Task AssertRefusedAsync<T>(Func<ValueTask<T>> call, StorageErrorCode code) =>
            Assert.That((await Assert.ThrowsAsync<StorageException>(async () => await call()))!.Code, Is.EqualTo(code));
    }

    [TestCase(1_000_000_008UL, "never made")]
    [TestCase(1_000_000_007UL, "never begun")]
    public async Task A_reply_to_what_was_never_asked_is_a_protocol_error(ulong id, string why)
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReceiveAsync();
        await link.ReplyAsync(RequestId.FromNumber(id), new GetReply(default, found: false, default));
        CloseReason? reason = await link.ReceiveCloseAsync();
        Assert.That(reason!.Code, Is.EqualTo(CloseReason.ProtocolError));
        Assert.That(reason.Text, Does.Contain(why));
        ScriptedServer.Link again = await server.AcceptAsync();
        await again.ReplyAsync(await again.ReceiveAsync(), new GetReply(default, found: false, default));
        Assert.That((await get.WaitAsync(TimeSpan.FromSeconds(60))).Found, Is.False);
    }

    [Test]
    public async Task A_reply_of_the_wrong_kind_fails_its_request_and_the_connection()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<GetResult> get = client.GetAsync(Key).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new WriteReply(WriteResult.AppliedAt(default)));
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => get))!.Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        Assert.That((await link.ReceiveCloseAsync())!.Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [Test]
    public async Task As_many_values_as_keys_are_demanded()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        Task<GetManyResult> get = client.GetManyAsync([Key, Key]).AsTask();
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetManyReply(default, [Key]));
        Assert.That((await Assert.ThrowsAsync<StorageException>(() => get))!.Code, Is.EqualTo(StorageErrorCode.ProtocolError));
    }
}
