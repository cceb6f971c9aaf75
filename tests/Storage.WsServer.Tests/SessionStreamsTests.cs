using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

/// <summary>What can be seen of a watch's end only from the inside.</summary>
public class SessionStreamsTests
{
    private static readonly RequestId Id = RequestId.FromNumber(1);

    private FeedStorage _storage = null!;
    private SessionContext _context = null!;
    private InMemoryTransport _near = null!;
    private MessageOutbox _outbox = null!;
    private SlowReaderGuard _slowReader = null!;
    private SessionStreams _streams = null!;

    [SetUp]
    public void SetUp()
    {
        _storage = new FeedStorage();
        _context = ScriptedClient.Serve(_storage).NewContext(new ClientIdentity("test", "test"));
        _context.PeerMaxMessageBytes = 1 << 20;
        (_near, InMemoryTransport far) = InMemoryTransport.CreatePair();
        _outbox = new MessageOutbox(far, MessageType.ServerPack, 1 << 20, static _ => { });
        _slowReader = new SlowReaderGuard(_outbox, _context, static _ => { });
        _streams = new SessionStreams(_outbox, _slowReader, _context, new SessionLoad(long.MaxValue));
    }

    [TearDown]
    public async Task TearDown()
    {
        await _near.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Test]
    public async Task Watches_of_a_session_that_ends_are_let_go_of_and_say_nothing()
    {
        _streams.StartWatch(new WatchRequest(new WatchOptions(), 1), Id);
        Feed feed = await _storage.NextFeedAsync();
        Assert.That(await ReceiveTypeAsync(), Is.EqualTo(MessageType.WatchMark));
        Assert.That(_streams.HasWatches, Is.True);
        _streams.EndWatches();
        await feed.Over;
        await _streams.EndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(_streams.HasWatches, Is.False);
        _outbox.Post(new InvalidateReply(0), Id);
        Assert.That(await ReceiveTypeAsync(), Is.EqualTo(MessageType.InvalidateReply), "the watch has said nothing");
    }

    [Test]
    public async Task A_watch_that_comes_when_watches_are_over_is_let_go_of_at_once()
    {
        _streams.EndWatches();
        _streams.StartWatch(new WatchRequest(new WatchOptions { Invalidations = true }, 1), Id);
        await (await _storage.NextFeedAsync()).Over;
        await _streams.EndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(await _context.Served.Invalidation.InvalidateAsync([KeyRange.All]), Is.Zero);
    }

    [Test]
    public async Task An_ended_watch_takes_no_invalidation_and_pays_none()
    {
        var watch = new WatchSession(
            new WatchRequest(new WatchOptions { Invalidations = true }, 1),
            Id,
            _outbox,
            _slowReader,
            new OwedInvalidations(_outbox, _slowReader),
            new SessionLoad(long.MaxValue),
            _context);
        _storage.OnWatch = static _ => { };
        InvalidatedRanges everything = InvalidatedRanges.Of([KeyRange.All]);
        Task sending = watch.SendAsync();
        Assert.That(watch.Invalidate(everything), Is.True, "it owes it until it has begun");
        watch.Cancel();
        Assert.That(async () => await sending, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(watch.Invalidate(everything), Is.False);
        watch.PayInvalidation();
        _outbox.Post(new InvalidateReply(0), Id);
        Assert.That(await ReceiveTypeAsync(), Is.EqualTo(MessageType.InvalidateReply));
    }

    private async Task<MessageType> ReceiveTypeAsync()
    {
        ReceivedMessage message = await _near.ReceiveAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That(Envelope.TryParse(message.Data.Span, out Envelope envelope), Is.True);
        return envelope.Type;
    }
}
