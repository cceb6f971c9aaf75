using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

public class InvalidationTests
{
    private FeedStorage _storage = null!;
    private ServedStorage _served = null!;

    [SetUp]
    public void SetUp()
    {
        _storage = new FeedStorage();
        _served = ScriptedClient.Serve(_storage);
    }

    [TearDown]
    public async Task TearDown() => await _storage.DisposeAsync();

    [Test]
    public async Task Every_watch_that_asked_and_overlaps_is_told_those_of_the_asking_client_included()
    {
        await using ScriptedClient one = await ScriptedClient.ConnectAsync(_served);
        await using ScriptedClient two = await ScriptedClient.ConnectAsync(_served);
        await BeginAsync(one, "A", "a/");
        await BeginAsync(one, "B", "b/");
        await BeginAsync(two, "C", string.Empty);
        await BeginAsync(two, "D", "a/", invalidations: false);
        KeyRange[] ranges = [KeyRange.Prefix("a/1"), KeyRange.Prefix("c/")];
        await one.SendAsync("I", new InvalidateRequest(ranges));
        ScriptedClient.Reply told = await one.ReceiveAsync();
        Assert.That((told.Type, told.Id), Is.EqualTo((MessageType.WatchInvalidation, "A")));
        Assert.That(WatchInvalidationMessage.Read(told.Body), Is.EqualTo(new[] { ranges[0] }));
        ScriptedClient.Reply reply = await one.ReceiveAsync();
        Assert.That((reply.Type, reply.Id, InvalidateReply.Read(reply.Body)), Is.EqualTo((MessageType.InvalidateReply, "I", 2)));
        told = await two.ReceiveAsync();
        Assert.That((told.Type, told.Id), Is.EqualTo((MessageType.WatchInvalidation, "C")));
        Assert.That(WatchInvalidationMessage.Read(told.Body), Is.EqualTo(ranges));
        await ExpectNothingAsync(one);
        await ExpectNothingAsync(two);
    }

    [Test]
    public async Task The_application_can_invalidate_too_and_several_endpoints_together()
    {
        var invalidation = new StorageInvalidation();
        var first = new ServedStorage(_storage, new StorageSessionOptions(), TimeProvider.System, _served.Logger, invalidation);
        var second = new ServedStorage(_storage, new StorageSessionOptions(), TimeProvider.System, _served.Logger, invalidation);
        await using ScriptedClient one = await ScriptedClient.ConnectAsync(first);
        await using ScriptedClient two = await ScriptedClient.ConnectAsync(second);
        await BeginAsync(one, "A", "a/");
        await BeginAsync(two, "A", "a/");
        Assert.That(await invalidation.InvalidateAsync([KeyRange.Single("a/1"u8.ToArray())]), Is.EqualTo(2));
        Assert.That(await invalidation.InvalidateAsync([KeyRange.Single("b"u8.ToArray())]), Is.Zero);
        foreach (ScriptedClient client in new[] { one, two })
        {
            Assert.That(await ReceiveInvalidationAsync(client, "A"), Is.EqualTo(new[] { KeyRange.Single("a/1"u8.ToArray()) }));
            await ExpectNothingAsync(client);
        }
    }

    [Test]
    public void The_application_is_told_what_makes_no_sense()
    {
        var invalidation = new StorageInvalidation();
        Assert.That(
            async () => await invalidation.InvalidateAsync([]),
            Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.InvalidArgument));
        Assert.That(
            async () => await invalidation.InvalidateAsync([KeyRange.From(new byte[StorageLimits.MaxKeyBytes + 1])]),
            Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.KeyTooLarge));
        Assert.That(
            async () => await invalidation.InvalidateAsync([KeyRange.All], new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task An_invalidation_needs_no_credit()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served);
        Feed feed = await BeginAsync(client, "A", string.Empty, credit: 0);
        feed.Batch(2, "a");
        await _served.Invalidation.InvalidateAsync([KeyRange.All]);
        Assert.That(await ReceiveInvalidationAsync(client, "A"), Is.EqualTo(new[] { KeyRange.All }));
        await client.SendAsync("A", new CreditMessage(1));
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WatchBatch));
    }

    [Test]
    public async Task A_watch_that_has_not_begun_is_told_everything_right_after_its_beginning()
    {
        _storage.OnWatch = static _ => { };
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served);
        await client.SendAsync("A", new WatchRequest(new WatchOptions { Range = KeyRange.Prefix("a/"), Invalidations = true }, 1));
        Feed feed = await _storage.NextFeedAsync();
        Assert.That(await _served.Invalidation.InvalidateAsync([KeyRange.Single("a/1"u8.ToArray())]), Is.EqualTo(1));
        Assert.That(await _served.Invalidation.InvalidateAsync([KeyRange.Single("a/2"u8.ToArray())]), Is.EqualTo(1));
        await ExpectNothingAsync(client);
        feed.Mark(1);
        Assert.That((await client.ReceiveAsync()).Type, Is.EqualTo(MessageType.WatchMark));
        Assert.That(await ReceiveInvalidationAsync(client, "A"), Is.EqualTo(new[] { KeyRange.All }));
        await ExpectNothingAsync(client);
    }

    [Test]
    public async Task Invalidations_of_a_slow_client_collapse_into_one_for_everything()
    {
        var time = new ManualTimeProvider();
        var options = new StorageSessionOptions { MaxQueuedBytes = 64 * 1024 };
        ServedStorage served = ScriptedClient.Serve(_storage, options, time);
        StallingTransport? stalling = null;
        await using var slow = new ScriptedClient(served, wrap: inner => stalling = new StallingTransport(inner));
        slow.Run();
        await slow.HelloAsync(packs: true);
        await BeginAsync(slow, "A", string.Empty);
        await using ScriptedClient quick = await ScriptedClient.ConnectAsync(served);
        await BeginAsync(quick, "Q", string.Empty);
        stalling!.Stall();
        var key = new byte[1000];
        for (int i = 0; i < 1000; i++)
        {
            key[0] = (byte)i;
            Assert.That(await served.Invalidation.InvalidateAsync([KeyRange.Single(key)]), Is.EqualTo(2));
            Assert.That(await ReceiveInvalidationAsync(quick, "Q"), Is.EqualTo(new[] { KeyRange.Single(key) }), "a neighbour does not notice");
        }

        stalling.Resume();
        int told = 0;
        KeyRange[] last;
        do
        {
            last = await ReceiveInvalidationAsync(slow, "A");
            told++;
        }
        while (last[0] != KeyRange.All);
        Assert.That(told, Is.LessThan(100), "what may wait, and the one for everything");
        await ExpectNothingAsync(slow);
        await served.Invalidation.InvalidateAsync([KeyRange.Single("k"u8.ToArray())]);
        Assert.That(await ReceiveInvalidationAsync(slow, "A"), Is.EqualTo(new[] { KeyRange.Single("k"u8.ToArray()) }), "it is told exactly again");
        Assert.That(time.ActiveTimers, Is.Zero);
    }

    [Test]
    public async Task A_client_that_is_owed_an_invalidation_and_reads_nothing_is_cut_off()
    {
        var time = new ManualTimeProvider();
        ServedStorage served = ScriptedClient.Serve(_storage, new StorageSessionOptions { MaxQueuedBytes = 64 * 1024 }, time);
        StallingTransport? stalling = null;
        await using var slow = new ScriptedClient(served, wrap: inner => stalling = new StallingTransport(inner));
        slow.Run();
        await slow.HelloAsync();
        Feed feed = await BeginAsync(slow, "A", string.Empty);
        stalling!.Stall();
        for (int i = 0; i < 100; i++)
        {
            await served.Invalidation.InvalidateAsync([KeyRange.Single(new byte[1000])]);
        }

        await time.WaitForTimerAsync(new StorageSessionOptions().SlowReaderTimeout);
        time.Advance(new StorageSessionOptions().SlowReaderTimeout);
        await slow.Session.Ended.WaitAsync(TimeSpan.FromSeconds(60));
        await feed.Over;
        Assert.That(await served.Invalidation.InvalidateAsync([KeyRange.All]), Is.Zero);
    }

    [Test]
    public async Task More_ranges_than_the_client_takes_in_a_message_are_told_as_everything()
    {
        await using var small = new ScriptedClient(_served);
        small.Run();
        await small.HelloAsync(maxMessageBytes: 4096);
        await BeginAsync(small, "A", string.Empty);
        KeyRange[] ranges = [.. Enumerable.Range(0, 100).Select(i => KeyRange.Prefix($"{i:d100}"))];
        await _served.Invalidation.InvalidateAsync(ranges);
        Assert.That(await ReceiveInvalidationAsync(small, "A"), Is.EqualTo(new[] { KeyRange.All }));

        await using ScriptedClient large = await ScriptedClient.ConnectAsync(_served);
        await BeginAsync(large, "A", string.Empty);
        await _served.Invalidation.InvalidateAsync(ranges);
        Assert.That(await ReceiveInvalidationAsync(large, "A"), Is.EqualTo(ranges));
        await _served.Invalidation.InvalidateAsync([.. Enumerable.Range(0, 3000).Select(i => KeyRange.Prefix($"{i:d100}"))]);
        Assert.That(await ReceiveInvalidationAsync(large, "A"), Is.EqualTo(new[] { KeyRange.All }));
    }

    [Test]
    public async Task An_ended_watch_hears_nothing_after_its_end()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served);
        await BeginAsync(client, "A", string.Empty);
        bool stop = false;
        Task invalidating = Task.Run(async () =>
        {
            for (int i = 0; i < 100_000 && !Volatile.Read(ref stop); i++)
            {
                await Task.Yield();
                await _served.Invalidation.InvalidateAsync([KeyRange.All]);
            }
        });
        await client.SendAsync("A", new EmptyMessage(MessageType.Cancel));
        ScriptedClient.Reply reply;
        do
        {
            reply = await client.ReceiveAsync();
        }
        while (reply.Type == MessageType.WatchInvalidation);
        Assert.That(reply.Type, Is.EqualTo(MessageType.End));
        await ExpectNothingAsync(client);
        Volatile.Write(ref stop, true);
        await invalidating;
        Assert.That(await _served.Invalidation.InvalidateAsync([KeyRange.All]), Is.Zero);
    }

    [Test]
    public async Task A_server_can_forbid_it_to_clients()
    {
        ServedStorage served = ScriptedClient.Serve(_storage, new StorageSessionOptions { AllowInvalidate = false });
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(served);
        await BeginAsync(client, "A", string.Empty);
        await client.SendAsync("I", new InvalidateRequest([KeyRange.All]));
        Assert.That((await client.ReceiveErrorAsync("I")).Code, Is.EqualTo(StorageErrorCode.Unsupported));
        Assert.That(await served.Invalidation.InvalidateAsync([KeyRange.All]), Is.EqualTo(1));
        await ReceiveInvalidationAsync(client, "A");
    }

    [TestCase("no range", "00")]
    [TestCase("more ranges than there are", "02 00 00")]
    [TestCase("a body cut short", "01 05 61")]
    public async Task A_malformed_invalidate_is_answered_by_id(string what, string hex)
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served);
        byte[] body = Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));
        await client.SendRawAsync((byte[])[.. body, ProtocolConstants.Separator, (byte)MessageType.Invalidate, (byte)'I']);
        Assert.That((await client.ReceiveErrorAsync("I")).Code, Is.EqualTo(StorageErrorCode.ProtocolError), what);
        await ExpectNothingAsync(client);
    }

    [Test]
    public async Task What_a_remote_storage_invalidates_is_passed_on()
    {
        await using ScriptedClient client = await ScriptedClient.ConnectAsync(_served);
        Feed feed = await BeginAsync(client, "A", string.Empty);
        feed.Invalidate(KeyRange.Prefix("a/"), KeyRange.Prefix("b/"));
        Assert.That(await ReceiveInvalidationAsync(client, "A"), Is.EqualTo(new[] { KeyRange.Prefix("a/"), KeyRange.Prefix("b/") }));
    }

    private async Task<Feed> BeginAsync(ScriptedClient client, string id, string prefix, bool invalidations = true, long credit = 1 << 20)
    {
        var options = new WatchOptions { Range = KeyRange.Prefix(prefix), Invalidations = invalidations };
        await client.SendAsync(id, new WatchRequest(options, credit));
        Feed feed = await _storage.NextFeedAsync();
        ScriptedClient.Reply mark = await client.ReceiveAsync();
        Assert.That((mark.Type, mark.Id), Is.EqualTo((MessageType.WatchMark, id)));
        return feed;
    }

    private static async Task<KeyRange[]> ReceiveInvalidationAsync(ScriptedClient client, string id)
    {
        ScriptedClient.Reply told = await client.ReceiveAsync();
        Assert.That((told.Type, told.Id), Is.EqualTo((MessageType.WatchInvalidation, id)));
        return WatchInvalidationMessage.Read(told.Body);
    }

    private static async Task ExpectNothingAsync(ScriptedClient client)
    {
        await client.SendAsync("nothing", new GetRequest("k"u8));
        Assert.That((await client.ReceiveAsync()).Id, Is.EqualTo("nothing"));
    }
}
