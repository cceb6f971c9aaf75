using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;

namespace WsStorage.WsServer.Tests;

/// <summary>What many watches of a client are told is sent once in a pack, to a client that has asked for it.</summary>
public class SessionRepeatTests
{
    private const int Watches = 3;
    private const ulong Last = 30;

    private FeedStorage _storage = null!;

    [SetUp]
    public void SetUp() => _storage = new FeedStorage();

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task What_another_watch_was_told_is_repeated()
    {
        (int repeats, int bytes) = await TellAsync(packs: true, asksForRepeats: true);

        Assert.That(repeats, Is.GreaterThan(0));
        Assert.That(bytes, Is.LessThan(2 * (int)Last * 1000), "less than two of the watches are told");
    }

    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(false, false)]
    public async Task A_client_that_has_not_asked_meets_no_repeat(bool packs, bool asksForRepeats)
    {
        (int repeats, int bytes) = await TellAsync(packs, asksForRepeats);

        Assert.That(repeats, Is.Zero);
        Assert.That(bytes, Is.GreaterThan(Watches * (int)Last * 1000));
    }

    [Test]
    public async Task Watches_that_are_told_other_things_are_told_those()
    {
        await using ScriptedClient client = Connect(out StallingTransport stalling);
        await client.HelloAsync(packs: true, repeats: true);
        Feed[] feeds = await BeginAsync(client);
        stalling.Stall();
        feeds[0].Batch(2, "first");
        await stalling.Stalled;
        feeds[0].Batch(3, "a");
        feeds[1].Batch(3, "b");
        feeds[2].Batch(3, "a", previous: [(byte)PreviousValueKind.Absent]);
        feeds[1].Batch(4, "a");
        foreach (Feed feed in feeds)
        {
            feed.Batch(5, "last");
            feed.Mark(6);
        }

        await feeds[0].WaitForPullsAsync(4);
        await feeds[1].WaitForPullsAsync(4);
        await feeds[2].WaitForPullsAsync(3);
        stalling.Resume();
        var told = new List<string>();
        while (told.Count < 8)
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            if (reply.Type == MessageType.WatchBatch)
            {
                told.Add(Describe(reply));
            }
        }

        Assert.That(told, Is.EquivalentTo(new[] { "A2 first", "A3 a", "A5 last", "B3 b", "B4 a", "B5 last", "C3 a+1", "C5 last" }));
    }

    private static string Describe(ScriptedClient.Reply reply)
    {
        WatchBatchMessage batch = WatchBatchMessage.Read(reply.Body);
        BatchOperations operations = new(batch.Operations);
        Assert.That(operations.MoveNext(), Is.True);
        return $"{reply.Id}{batch.Revision} {System.Text.Encoding.UTF8.GetString(operations.Current.Key)}"
            + (batch.Previous.IsEmpty ? string.Empty : $"+{batch.Previous.Length}");
    }

    /// <summary>Tells all watches the same while nothing can be sent, and receives it.</summary>
    /// <returns>How many repeats came, and how many bytes in all.</returns>
    private async Task<(int Repeats, int Bytes)> TellAsync(bool packs, bool asksForRepeats)
    {
        await using ScriptedClient client = Connect(out StallingTransport stalling);
        await client.HelloAsync(packs, repeats: asksForRepeats);
        Feed[] feeds = await BeginAsync(client);
        int before = stalling.SentBytes;
        stalling.Stall();
        feeds[0].Batch(2, "k", 1000);
        await stalling.Stalled;
        for (ulong i = 3; i <= Last + 2; i++)
        {
            foreach (Feed feed in feeds)
            {
                feed.Batch(i, "k", 1000);
            }
        }

        foreach (Feed feed in feeds)
        {
            // When the mark has been taken, all before it has been added to what is sent.
            feed.Mark(Last + 3);
            await feed.WaitForPullsAsync((int)Last + (feed == feeds[0] ? 2 : 1));
        }

        stalling.Resume();
        ulong[] told = [2, 2, 2];
        while (told.Any(revision => revision < Last + 2))
        {
            ScriptedClient.Reply reply = await client.ReceiveAsync();
            if (reply.Type == MessageType.WatchBatch)
            {
                WatchBatchMessage batch = WatchBatchMessage.Read(reply.Body);
                ulong expected = batch.Revision.Value == 2 ? 2 : ++told[reply.Id[0] - 'A'];
                Assert.That((batch.Revision.Value, batch.Hash), Is.EqualTo((expected, expected * 1000)));
                Assert.That(batch.Operations.Length, Is.GreaterThan(1000));
            }
        }

        return (client.Repeats, stalling.SentBytes - before);
    }

    private ScriptedClient Connect(out StallingTransport stalling)
    {
        StallingTransport? made = null;
        var client = new ScriptedClient(_storage, timeProvider: new ManualTimeProvider(), wrap: inner => made = new StallingTransport(inner));
        stalling = made!;
        client.Run();
        return client;
    }

    private async Task<Feed[]> BeginAsync(ScriptedClient client)
    {
        var feeds = new List<Feed>();
        foreach (string id in new[] { "A", "B", "C" })
        {
            await client.SendAsync(id, new WatchRequest(new WatchOptions(), int.MaxValue));
            feeds.Add(await _storage.NextFeedAsync());
            Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WatchMark));
            await feeds[^1].WaitForPullsAsync(1);
        }

        return [.. feeds];
    }
}
