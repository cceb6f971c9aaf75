using System.Text;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class SessionWatchTests
{
    private const long Plenty = 1 << 20;

    private FeedStorage _storage = null!;

    [SetUp]
    public void SetUp() => _storage = new FeedStorage();

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task A_watch_is_a_mark_then_batches_and_marks_under_one_id()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        (Feed feed, Position begin) = await BeginAsync(client, "W", Plenty);
        Assert.That(begin, Is.EqualTo(Feed.At(1)));
        feed.Batch(2, "a", valueBytes: 3);
        AssertBatch(await client.ReceiveAsync(), "W", 2, "a");
        feed.Mark(7);
        ScriptedClient.Reply mark = await client.ReceiveAsync();
        Assert.That((mark.Type, mark.Id, WatchMarkMessage.Read(mark.Body)), Is.EqualTo((MessageType.WatchMark, "W", Feed.At(7))));
    }

    [Test]
    public async Task What_is_there_at_once_goes_into_one_pack_whole_and_in_order()
    {
        _storage.OnWatch = feed =>
        {
            feed.Mark(1);
            for (ulong i = 2; i <= 51; i++)
            {
                feed.Batch(i, $"k{i}");
            }
        };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, packs: true);
        await BeginAsync(client, "W", Plenty);
        for (ulong i = 2; i <= 51; i++)
        {
            AssertBatch(await client.ReceiveAsync(), "W", i, $"k{i}");
        }

        Assert.That(client.LastPackSize, Is.EqualTo(50));
    }

    [Test]
    public async Task A_batch_brings_time_position_and_previous_values_along()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        (Feed feed, _) = await BeginAsync(client, "W", Plenty);
        byte[] previous = [(byte)PreviousValueKind.Value, 1, (byte)'p'];
        feed.Batch(2, "a", previous: previous);
        ScriptedClient.Reply reply = await client.ReceiveAsync();
        var (revision, hash, time, read) = Unpack(reply.Body);
        Assert.That((revision, hash, time), Is.EqualTo((new Revision(2), 2000ul, DateTimeOffset.FromUnixTimeMilliseconds(2))));
        Assert.That(read, Is.EqualTo(previous));

        static (Revision, ulong, DateTimeOffset, byte[]) Unpack(byte[] body)
        {
            WatchBatchMessage message = WatchBatchMessage.Read(body);
            return (message.Revision, message.Hash, message.CommitTime, message.Previous.ToArray());
        }
    }

    [Test]
    public async Task The_storage_is_asked_for_what_the_client_asked_for()
    {
        var options = new WatchOptions
        {
            Range = KeyRange.Prefix("a/"),
            After = Feed.At(5),
            KeysOnly = true,
            PreviousValues = true,
            Invalidations = true,
            ProgressInterval = TimeSpan.FromMilliseconds(100),
        };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("W", new WatchRequest(options, 1));
        Assert.That((await _storage.NextFeedAsync()).Options, Is.EqualTo(options));
    }

    [TestCase(StorageErrorCode.Compacted)]
    [TestCase(StorageErrorCode.EpochChanged)]
    [TestCase(StorageErrorCode.Diverged)]
    [TestCase(StorageErrorCode.LimitExceeded)]
    public async Task A_watch_that_the_storage_ends_ends_with_its_reason(StorageErrorCode code)
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        (Feed feed, _) = await BeginAsync(client, "W", Plenty);
        feed.Batch(2, "a");
        feed.Fail(new StorageException(code, "That is why."));
        AssertBatch(await client.ReceiveAsync(), "W", 2, "a");
        ErrorReply error = await client.ReceiveErrorAsync("W");
        Assert.That((error.Code, error.Message), Is.EqualTo((code, "That is why.")));
        await BeginAsync(client, "W", Plenty);
    }

    [Test]
    public async Task A_watch_that_the_storage_just_ends_is_a_failure_and_not_an_end()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        (Feed feed, _) = await BeginAsync(client, "W", Plenty);
        feed.End();
        Assert.That((await client.ReceiveErrorAsync("W")).Code, Is.EqualTo(StorageErrorCode.Internal));
    }

    [Test]
    public async Task A_batch_larger_than_the_client_takes_ends_the_watch_and_nothing_else()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, maxMessageBytes: 4096);
        (Feed feed, _) = await BeginAsync(client, "W", credit: 0);
        (Feed neighbour, _) = await BeginAsync(client, "N", Plenty);
        feed.Batch(2, "large", valueBytes: 4096);
        ErrorReply error = await client.ReceiveErrorAsync("W");
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.ResultTooLarge));
        Assert.That(error.Message, Does.Contain("revision 2"));
        neighbour.Batch(3, "a", valueBytes: 3000);
        AssertBatch(await client.ReceiveAsync(), "N", 3, "a");
    }

    [Test]
    public async Task A_cancelled_watch_ends_once_and_its_id_can_be_used_again()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        for (int round = 0; round < 5; round++)
        {
            (Feed feed, _) = await BeginAsync(client, "W", Plenty);
            await client.SendAsync("W", new EmptyMessage(MessageType.Cancel));
            await client.SendAsync("W", new EmptyMessage(MessageType.Cancel));
            ScriptedClient.Reply end = await client.ReceiveAsync();
            Assert.That((end.Type, EndMessage.Read(end.Body).Cancelled), Is.EqualTo((MessageType.End, true)));
            await feed.Over;
        }

        await client.SendAsync("G", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("G"), "there was one end for each");
    }

    [Test]
    public async Task A_watch_that_waits_for_credit_can_be_cancelled()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        (Feed feed, _) = await BeginAsync(client, "W", credit: 0);
        feed.Batch(2, "a");
        await client.SendAsync("W", new EmptyMessage(MessageType.Cancel));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.End));
        await feed.Over;
    }

    [Test]
    public async Task Watches_beyond_the_limit_are_refused_until_one_has_ended()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, new StorageSessionOptions { MaxWatches = 2 });
        await BeginAsync(client, "A", Plenty);
        await BeginAsync(client, "B", Plenty);
        await client.SendAsync("C", new WatchRequest(new WatchOptions(), 1));
        Assert.That((await client.ReceiveErrorAsync("C")).Code, Is.EqualTo(StorageErrorCode.LimitExceeded));
        await client.SendAsync("A", new EmptyMessage(MessageType.Cancel));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.End));
        await BeginAsync(client, "C", Plenty);
    }

    [Test]
    public async Task The_id_of_an_open_watch_or_scan_is_refused_and_the_open_one_goes_on()
    {
        await _storage.WriteAsync(new WriteBatch().Put("k1", new string('v', 2000)).Put("k2", new string('v', 2000)));
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        (Feed feed, _) = await BeginAsync(client, "W", Plenty);
        var scan = new ScanRequest(new ScanOptions { PageBytes = 1024 }, 1);
        await client.SendAsync("W", scan);
        Assert.That((await client.ReceiveErrorAsync("W")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await client.SendAsync("W", new WatchRequest(new WatchOptions(), 1));
        Assert.That((await client.ReceiveErrorAsync("W")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        feed.Batch(2, "a");
        AssertBatch(await client.ReceiveAsync(), "W", 2, "a");

        await client.SendAsync("S", scan);
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.ScanPage));
        await client.SendAsync("S", new WatchRequest(new WatchOptions(), 1));
        Assert.That((await client.ReceiveErrorAsync("S")).Code, Is.EqualTo(StorageErrorCode.ProtocolError));
        await client.SendAsync("S", new CreditMessage(Plenty));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.ScanPage));
    }

    [Test]
    public async Task Open_watches_are_no_unanswered_requests()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, new StorageSessionOptions { MaxRequestsInFlight = 1 });
        for (int i = 0; i < 10; i++)
        {
            await BeginAsync(client, $"W{i}", Plenty);
        }

        await client.SendAsync("G", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.GetReply));
    }

    [TestCase("a body cut short", "0561")]
    [TestCase("an unknown flag", "00 00 10 6400 01")]
    [TestCase("something after the last field", "00 00 00 E807 01 00")]
    public async Task A_malformed_watch_is_answered_by_id_and_the_connection_goes_on(string what, string hex)
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        byte[] body = Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));
        await client.SendRawAsync((byte[])[.. body, ProtocolConstants.Separator, (byte)MessageType.Watch, (byte)'W']);
        Assert.That((await client.ReceiveErrorAsync("W")).Code, Is.EqualTo(StorageErrorCode.ProtocolError), what);
        await BeginAsync(client, "W", Plenty);
    }

    [Test]
    public async Task A_watch_that_wants_marks_too_often_is_refused()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage);
        await client.SendAsync("W", new WatchRequest(new WatchOptions { ProgressInterval = TimeSpan.FromMilliseconds(99) }, 1));
        Assert.That((await client.ReceiveErrorAsync("W")).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    [Test]
    public async Task A_thousand_watches_of_a_connection_each_hear_their_own()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_storage, packs: true);
        await client.SendPackAsync(Enumerable.Range(0, 1000).Select(i => ScriptedClient.Encode(
            $"w{i}", new WatchRequest(new WatchOptions { Range = KeyRange.Prefix($"{i}/") }, Plenty))));
        var begun = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < 1000; i++)
        {
            ScriptedClient.Reply mark = await client.ReceiveAsync();
            Assert.That(mark.Type, Is.EqualTo(MessageType.WatchMark));
            begun.Add(mark.Id);
        }

        Assert.That(begun, Has.Count.EqualTo(1000));
        for (int i = 0; i < 1000; i++)
        {
            Feed feed = await _storage.NextFeedAsync();
            feed.Batch(2, Encoding.UTF8.GetString(feed.Options.Range.Start.Span));
        }

        var told = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < 1000; i++)
        {
            ScriptedClient.Reply batch = await client.ReceiveAsync();
            AssertBatch(batch, batch.Id, 2, $"{batch.Id[1..]}/");
            told.Add(batch.Id);
        }

        Assert.That(told, Has.Count.EqualTo(1000));
    }

    private async Task<(Feed Feed, Position Begin)> BeginAsync(ScriptedClient client, string id, long credit)
    {
        await client.SendAsync(id, new WatchRequest(new WatchOptions(), credit));
        Feed feed = await _storage.NextFeedAsync();
        ScriptedClient.Reply mark = await client.ReceiveAsync();
        Assert.That((mark.Type, mark.Id), Is.EqualTo((MessageType.WatchMark, id)));
        return (feed, WatchMarkMessage.Read(mark.Body));
    }

    private static void AssertBatch(ScriptedClient.Reply reply, string id, ulong revision, string key)
    {
        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.WatchBatch, id)), reply.Close?.Text);
        WatchBatchMessage batch = WatchBatchMessage.Read(reply.Body);
        Assert.That(batch.Revision.Value, Is.EqualTo(revision));
        foreach (BatchOperation operation in new BatchOperations(batch.Operations))
        {
            Assert.That(Encoding.UTF8.GetString(operation.Key), Is.EqualTo(key));
        }
    }
}
