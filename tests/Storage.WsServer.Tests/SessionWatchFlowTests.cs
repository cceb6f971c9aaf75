using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class SessionWatchFlowTests
{
    private const long Plenty = int.MaxValue;

    private FeedStorage _storage = null!;

    [SetUp]
    public void SetUp() => _storage = new FeedStorage();

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task Batches_are_sent_while_there_is_credit_and_marks_without()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        Feed feed = await BeginAsync(client, "W", credit: 1);
        feed.Batch(2, "a", valueBytes: 50);
        feed.Mark(3);
        feed.Batch(4, "a", valueBytes: 50);
        feed.Mark(5);
        await ExpectAsync(client, MessageType.WatchBatch, MessageType.WatchMark);
        await ExpectNothingAsync(client);

        // The first batch has 54 bytes of operations, so the credit is 53 below zero.
        await client.SendAsync("W", new CreditMessage(53));
        await ExpectNothingAsync(client);
        await client.SendAsync("W", new CreditMessage(1));
        await ExpectAsync(client, MessageType.WatchBatch, MessageType.WatchMark);
    }

    [Test]
    public async Task What_counts_is_operations_and_previous_values()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        Feed feed = await BeginAsync(client, "W", credit: 9);
        byte[] previous = [(byte)PreviousValueKind.Value, 3, 1, 2, 3];

        // Five bytes of operations and five of previous values: the credit is one below zero.
        feed.Batch(2, "a", previous: previous);
        feed.Batch(3, "a", previous: previous);
        await ExpectAsync(client, MessageType.WatchBatch);
        await ExpectNothingAsync(client);
        await client.SendAsync("W", new CreditMessage(1));
        await ExpectNothingAsync(client);
        await client.SendAsync("W", new CreditMessage(1));
        await ExpectAsync(client, MessageType.WatchBatch);
    }

    [Test]
    public async Task A_watch_without_credit_holds_one_event_for_ever_and_its_neighbours_do_not_notice()
    {
        var time = new ManualTimeProvider();
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, timeProvider: time);
        Feed slow = await BeginAsync(client, "S", credit: 0);
        Feed quick = await BeginAsync(client, "Q", Plenty);
        for (ulong i = 2; i < 102; i++)
        {
            slow.Batch(i, "a");
            quick.Batch(i, "a");
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("Q"));
        }

        Assert.That(time.ActiveTimers, Is.Zero, "nothing waits for a time to be over");
        time.Advance(TimeSpan.FromDays(1));
        await client.SendAsync("G", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"));
        Assert.That(slow.Pulled, Is.LessThanOrEqualTo(2), "the mark and one batch");
        await client.SendAsync("S", new CreditMessage(Plenty));
        for (ulong i = 2; i < 102; i++)
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            Assert.That((reply.Id, WatchBatchMessage.Read(reply.Body).Revision.Value), Is.EqualTo(("S", i)));
        }
    }

    [Test]
    public async Task Credit_beyond_what_a_count_holds_is_cut_and_does_not_overflow()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        Feed feed = await BeginAsync(client, "W", Plenty);
        for (int i = 0; i < 10; i++)
        {
            await client.SendAsync("W", new CreditMessage(Plenty));
        }

        feed.Batch(2, "a");
        await ExpectAsync(client, MessageType.WatchBatch);
    }

    [Test]
    public async Task Credit_and_cancel_for_no_stream_are_ignored_and_a_malformed_credit_closes()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("X", new CreditMessage(1));
        await client.SendAsync("X", new EmptyMessage(MessageType.Cancel));
        await ExpectNothingAsync(client);
        await BeginAsync(client, "W", credit: 0);
        await client.SendRawAsync(new byte[] { 0x80, ProtocolConstants.Separator, (byte)MessageType.Credit, (byte)'W' });
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.ProtocolError));
    }

    [Test]
    public async Task A_client_that_does_not_read_costs_what_may_wait_for_it_and_no_more()
    {
        var time = new ManualTimeProvider();
        const int valueBytes = 50_000;
        (ScriptedClient client, StallingTransport stalling) = Stalling(new StorageSessionOptions { MaxQueuedBytes = 256 * 1024 }, time);
        await using ScriptedClient owned = client;
        client.Run();
        await client.HelloAsync(packs: true);
        Feed feed = await BeginAsync(client, "W", Plenty);
        stalling.Stall();
        for (ulong i = 2; i < 1002; i++)
        {
            feed.Batch(i, "a", valueBytes);
        }

        await time.WaitForTimerAsync(new StorageSessionOptions().SlowReaderTimeout);
        Assert.That((feed.Pulled - 2) * (long)valueBytes, Is.LessThan(512 * 1024));
        time.Advance(new StorageSessionOptions().SlowReaderTimeout);
        await client.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
        await feed.Over;
    }

    [Test]
    public async Task Many_watches_of_a_client_that_does_not_read_wait_with_one_timer_and_within_one_bound()
    {
        var time = new ManualTimeProvider();
        const int valueBytes = 20_000;
        (ScriptedClient client, StallingTransport stalling) = Stalling(new StorageSessionOptions { MaxQueuedBytes = 256 * 1024 }, time);
        await using ScriptedClient owned = client;
        client.Run();
        await client.HelloAsync(packs: true);
        var feeds = new List<Feed>();
        for (int i = 0; i < 200; i++)
        {
            feeds.Add(await BeginAsync(client, $"W{i}", Plenty));
        }

        stalling.Stall();
        for (ulong round = 2; round < 12; round++)
        {
            feeds.ForEach(feed => feed.Batch(round, "a", valueBytes));
        }

        await time.WaitForTimerAsync(new StorageSessionOptions().SlowReaderTimeout);
        Assert.That(time.ActiveTimers, Is.EqualTo(1));
        Assert.That(
            feeds.Sum(feed => feed.Pulled), Is.LessThan(200 + 200 + 50), "the marks, one held event each, and what may wait");
        stalling.Resume();
        for (int i = 0; i < 2000; i++)
        {
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WatchBatch));
        }

        await time.WaitForNoTimerAsync();
    }

    [Test]
    public async Task A_stopping_server_does_not_wait_for_watches_and_ends_them_by_the_close_alone()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        Feed one = await BeginAsync(client, "A", Plenty);
        Feed other = await BeginAsync(client, "B", credit: 0);
        other.Batch(2, "a");
        Task drain = client.Session.DrainAsync();
        CloseReason reason = await client.ReceiveCloseAsync();
        Assert.That(reason.Code, Is.EqualTo(CloseReason.GoingAway));
        await client.CloseAsync();
        await drain.WaitAsync(TimeSpan.FromSeconds(60));
        await one.Over;
        await other.Over;
    }

    [Test]
    public async Task A_watch_that_comes_while_the_server_stops_is_refused()
    {
        await using var gated = new GatedStorage(_storage);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(gated);
        await client.SendAsync("A", new WriteRequest(new WriteBatch().Put("k", "v")));
        await gated.Entered;
        Task drain = client.Session.DrainAsync();
        await client.SendAsync("W", new WatchRequest(new WatchOptions(), 1));
        Assert.That((await client.ReceiveErrorAsync("W")).Code, Is.EqualTo(StorageErrorCode.ShuttingDown));
        gated.Open();
        await ExpectAsync(client, MessageType.WriteReply);
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(CloseReason.GoingAway));
        await client.CloseAsync();
        await drain.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Watches_are_over_before_the_last_word_is_waited_for(bool stopping)
    {
        // Or one that has always more to say would keep the outbox from ever being empty.
        (ScriptedClient client, StallingTransport stalling) = Stalling(new StorageSessionOptions(), new ManualTimeProvider());
        await using ScriptedClient owned = client;
        client.Run();
        await client.HelloAsync(packs: true);
        Feed feed = await BeginAsync(client, "W", Plenty);
        stalling.Stall();
        feed.Batch(2, "a");
        await stalling.Stalled;
        if (stopping)
        {
            _ = client.Session.DrainAsync();
        }
        else
        {
            await client.SendTextAsync();
        }

        await feed.Over;
        stalling.Resume();
        await ExpectAsync(client, MessageType.WatchBatch);
        Assert.That((await client.ReceiveCloseAsync()).Code, Is.EqualTo(stopping ? CloseReason.GoingAway : CloseReason.UnsupportedData));
    }

    [Test]
    public async Task A_connection_with_an_open_watch_is_not_idle()
    {
        var time = new ManualTimeProvider();
        var idle = TimeSpan.FromMinutes(5);
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(
            _storage, new StorageSessionOptions { IdleTimeout = idle }, timeProvider: time);
        await BeginAsync(client, "W", Plenty);
        for (int i = 0; i < 5; i++)
        {
            time.Advance(idle);
        }

        await ExpectNothingAsync(client);
        await client.SendAsync("W", new EmptyMessage(MessageType.Cancel));
        await ExpectAsync(client, MessageType.End);
        await ExpectNothingAsync(client);
        client.LetIdle(time, idle);
        Assert.That((await client.ReceiveCloseAsync()).Text, Does.Contain("idle"));
    }

    [Test]
    public async Task A_lost_connection_lets_go_of_its_watches_before_its_session_ends()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        Feed waiting = await BeginAsync(client, "A", credit: 0);
        Feed listening = await BeginAsync(client, "B", Plenty);
        waiting.Batch(2, "a");
        await client.DisposeAsync();
        Assert.That(client.Session.Ended.IsCompleted, Is.True);
        Assert.That(waiting.Over.IsCompleted && listening.Over.IsCompleted, Is.True);
    }

    private (ScriptedClient Client, StallingTransport Transport) Stalling(StorageSessionOptions options, TimeProvider time)
    {
        StallingTransport? stalling = null;
        var client = new ScriptedClient(_storage, options, time, wrap: inner => stalling = new StallingTransport(inner));
        return (client, stalling!);
    }

    private async Task<Feed> BeginAsync(ScriptedClient client, string id, long credit)
    {
        await client.SendAsync(id, new WatchRequest(new WatchOptions(), credit));
        Feed feed = await _storage.NextFeedAsync();
        ScriptedClient.Reply mark = await client.ReceiveAsync();
        Assert.That((mark.Type, mark.Id), Is.EqualTo((MessageType.WatchMark, id)));
        return feed;
    }

    private static async Task ExpectAsync(ScriptedClient client, params MessageType[] types)
    {
        foreach (MessageType type in types)
        {
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(type));
        }
    }

    /// <summary>What the client hears next is the answer to what it asks now.</summary>
    private static async Task ExpectNothingAsync(ScriptedClient client)
    {
        await client.SendAsync("nothing", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("nothing"));
    }
}
