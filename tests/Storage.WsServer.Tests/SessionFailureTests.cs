using Moq;
using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class SessionFailureTests
{
    [Test]
    public async Task A_storage_error_reaches_the_client_with_code_and_outcome()
    {
        var storage = new Mock<IBatchStorage>();
        storage.Setup(s => s.GetInfoAsync(It.IsAny<CancellationToken>())).ReturnsAsync(SomeInfo());
        storage.Setup(s => s.WriteManyAsync(It.IsAny<ReadOnlyMemory<WriteBatch>>(), It.IsAny<Memory<WriteResult>>(), It.IsAny<CancellationToken>()))
            .Throws(new StorageException(StorageErrorCode.DiskFull, "The disk is full.", WriteOutcome.Unknown));
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(storage.Object);
        await client.SendAsync("A", new WriteRequest(new WriteBatch().Put("a", "b")));
        ErrorReply error = await client.ReceiveErrorAsync("A");
        Assert.That((error.Code, error.Outcome, error.Message), Is.EqualTo((StorageErrorCode.DiskFull, WriteOutcome.Unknown, "The disk is full.")));
    }

    [Test]
    public async Task An_unexpected_failure_tells_the_client_nothing_of_the_inside()
    {
        var storage = new Mock<IBatchStorage>();
        storage.Setup(s => s.GetInfoAsync(It.IsAny<CancellationToken>())).ReturnsAsync(SomeInfo());
        storage.Setup(s => s.WriteManyAsync(It.IsAny<ReadOnlyMemory<WriteBatch>>(), It.IsAny<Memory<WriteResult>>(), It.IsAny<CancellationToken>()))
            .Throws(new InvalidOperationException("secret"));
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(storage.Object);
        await client.SendAsync("A", new WriteRequest(new WriteBatch().Put("a", "b")));
        ErrorReply error = await client.ReceiveErrorAsync("A");
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.Internal, WriteOutcome.Unknown)));
        Assert.That(error.Message, Does.Not.Contain("secret"));
        await client.SendAsync("B", new EmptyMessage(MessageType.Info));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.InfoReply));
    }

    [Test]
    public async Task A_write_that_fails_among_others_leaves_them_their_own_results()
    {
        var inner = new Mock<IStorage>();
        inner.Setup(s => s.GetInfoAsync(It.IsAny<CancellationToken>())).ReturnsAsync(SomeInfo());
        inner.SetupSequence(s => s.WriteAsync(It.IsAny<WriteBatch>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(WriteResult.AppliedAt(new Revision(1)))
            .Throws(new StorageException(StorageErrorCode.ValueTooLarge, "Too long."))
            .ReturnsAsync(WriteResult.AppliedAt(new Revision(2)));
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(new OneByOneStorage(inner.Object));
        await client.SendPackAsync("abc".Select(id => ScriptedClient.Encode(id.ToString(), new WriteRequest(new WriteBatch().Put("k", "v")))));
        Assert.That(WriteReply.Read((await client.ReceiveAsync()).Body).Revision, Is.EqualTo(new Revision(1)), "applied before the other failed");
        ErrorReply error = await client.ReceiveErrorAsync("b");
        Assert.That((error.Code, error.Outcome), Is.EqualTo((StorageErrorCode.ValueTooLarge, WriteOutcome.NotApplied)));
        Assert.That(WriteReply.Read((await client.ReceiveAsync()).Body).Revision, Is.EqualTo(new Revision(2)), "not concerned by the failure");
    }

    [Test]
    public async Task More_requests_in_flight_than_allowed_are_refused_and_the_others_answered()
    {
        await using var storage = new InMemoryStorage();
        await using var gated = new GatedStorage(storage);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(gated, new StorageSessionOptions { MaxRequestsInFlight = 2 });
        await client.SendPackAsync(Enumerable.Range(0, 3).Select(i =>
            ScriptedClient.Encode($"w{i}", new WriteRequest(new WriteBatch().Put($"k{i}", "v")))));
        Assert.That((await client.ReceiveErrorAsync("w2")).Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        gated.Open();
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("w0"));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("w1"));
    }

    [Test]
    public async Task A_draining_session_finishes_what_is_in_flight_refuses_more_and_closes_with_1001()
    {
        await using var storage = new InMemoryStorage();
        await using var gated = new GatedStorage(storage);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(gated);
        await client.SendAsync("A", new WriteRequest(new WriteBatch().Put("k", "v")));
        await gated.Entered;
        Task drain = client.Session.DrainAsync();
        await client.SendAsync("B", new GetRequest("k"u8));
        Assert.That((await client.ReceiveErrorAsync("B")).Code, Is.EqualTo(StorageErrorCode.ShuttingDown));
        Assert.That(drain.IsCompleted, Is.False);
        gated.Open();
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WriteReply));
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.GoingAway));
        await client.CloseAsync();
        await drain.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public async Task A_drain_that_takes_too_long_is_cut_short()
    {
        var time = new ManualTimeProvider();
        await using var storage = new InMemoryStorage();
        await using var gated = new GatedStorage(storage);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(gated, timeProvider: time);
        await client.SendAsync("A", new WriteRequest(new WriteBatch().Put("k", "v")));
        await gated.Entered;
        Task drain = client.Session.DrainAsync();
        time.Advance(new StorageSessionOptions().DrainTimeout);

        // The storage still has the write, and its memory with it: the session is over when it lets go.
        gated.Open();
        await drain.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public async Task A_client_that_does_not_read_is_cut_off()
    {
        var time = new ManualTimeProvider();
        await using var storage = new InMemoryStorage();
        await storage.PutAsync("k"u8.ToArray(), new byte[50_000]);
        StallingTransport? stalling = null;
        await using var client = new ScriptedClient(
            storage, new StorageSessionOptions { MaxQueuedBytes = 128 * 1024 }, time, wrap: inner => stalling = new StallingTransport(inner));
        client.Run();
        await client.HelloAsync(packs: true);
        stalling!.Stall();
        for (int i = 0; i < 100; i++)
        {
            await client.SendAsync($"g{i}", new GetRequest("k"u8));
        }

        await time.WaitForTimerAsync(new StorageSessionOptions().SlowReaderTimeout);
        Assert.That(client.Session.Ended.IsCompleted, Is.False);
        time.Advance(new StorageSessionOptions().SlowReaderTimeout);
        await client.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public async Task A_client_that_reads_slowly_is_not_cut_off_before_it_stops_to_read()
    {
        var time = new ManualTimeProvider();
        TimeSpan timeout = new StorageSessionOptions().SlowReaderTimeout;
        await using var storage = new InMemoryStorage();
        await storage.PutAsync("k"u8.ToArray(), new byte[50_000]);
        StallingTransport? stalling = null;
        await using var client = new ScriptedClient(
            storage, new StorageSessionOptions { MaxQueuedBytes = 512 * 1024 }, time, wrap: inner => stalling = new StallingTransport(inner));
        client.Run();
        await client.HelloAsync(packs: true);
        stalling!.Stall();
        for (int i = 0; i < 100; i++)
        {
            await client.SendAsync($"g{i}", new GetRequest("k"u8));
        }

        // Far less than would make room.
        for (int i = 0; i < 3; i++)
        {
            await time.WaitForTimerAsync(timeout);
            await stalling.PassOneAsync();
            time.Advance(timeout);
            await time.WaitForTimerAsync(timeout);
            Assert.That(client.Session.Ended.IsCompleted, Is.False);
        }

        time.Advance(timeout);
        await client.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public async Task An_idle_connection_is_closed_when_that_is_asked_for()
    {
        var time = new ManualTimeProvider();
        await using var storage = new InMemoryStorage();
        var idle = TimeSpan.FromMinutes(5);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(
            storage, new StorageSessionOptions { IdleTimeout = idle }, timeProvider: time);
        await time.WaitForTimerAsync(idle);
        time.Advance(idle / 2);
        await client.SendAsync("A", new GetRequest("k"u8));
        await client.ReceiveAsync();
        time.Advance(idle / 2);
        await client.SendAsync("B", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("B"), "it was used within the time");
        client.LetIdle(time, idle);
        Assert.That((await client.ReceiveCloseAsync()).Text, Does.Contain("idle"));
    }

    [Test]
    public async Task A_hello_that_comes_after_the_close_does_not_keep_the_connection()
    {
        var time = new ManualTimeProvider();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var storage = new Mock<IStorage>();
        storage.Setup(s => s.GetInfoAsync(It.IsAny<CancellationToken>())).Callback(asked.SetResult).ReturnsAsync(SomeInfo());
        await using var client = new ScriptedClient(storage.Object, timeProvider: time);
        client.Run();
        time.Advance(new StorageSessionOptions().HelloTimeout);
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.PolicyViolation));
        await client.SendAsync("hi", new HelloMessage(ProtocolConstants.Version, true, "late", 1 << 26));
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60));
        time.Advance(SessionContext.CloseTimeout);
        await client.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static StorageInfo SomeInfo() => new()
    {
        Engine = "mock",
        Position = default,
        ApproximateBytes = 0,
        ApproximateKeys = 0,
        Durability = Durability.Volatile,
        Limits = StorageLimits.Default,
    };
}
