using System.Threading.Channels;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.Transport.Tests;

public class MessageOutboxTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private SteppingTransport _transport = null!;
    private Exception? _lost;
    private MessageOutbox _outbox = null!;

    [SetUp]
    public void SetUp()
    {
        _lost = null;
        _transport = new SteppingTransport();
        _outbox = new MessageOutbox(_transport, MessageType.ClientPack, 10_000, exception => _lost = exception) { PeerAcceptsPacks = true };
    }

    [TearDown]
    public async Task TearDown() => await _transport.DisposeAsync();

    [Test]
    public async Task A_lone_message_goes_out_bare_and_at_once()
    {
        Post(1, alone: true);
        byte[] sent = await _transport.NextAsync();
        Assert.That(IdsIn(sent), Is.EqualTo(new ulong[] { 1 }));
        Assert.That(Envelope.TryParse(sent, out Envelope envelope) && envelope.Type == MessageType.Get, Is.True);
        _transport.LetGo();
        await _outbox.DrainAsync().WaitAsync(Patience);
    }

    [Test]
    public async Task What_is_posted_while_a_send_is_under_way_goes_out_together_and_in_order()
    {
        Post(1, alone: true);
        await _transport.NextAsync();
        for (ulong i = 2; i <= 100; i++)
        {
            Post(i);
        }

        _transport.LetGo();
        Assert.That(IdsIn(await _transport.NextAsync()), Is.EqualTo(Enumerable.Range(2, 99).Select(i => (ulong)i)));
    }

    [Test]
    public async Task Packs_end_at_128_messages_and_nothing_is_lost_between_them()
    {
        Post(1, alone: true);
        await _transport.NextAsync();
        for (ulong i = 2; i <= 400; i++)
        {
            Post(i);
        }

        var ids = new List<ulong>();
        for (int pack = 0; pack < 4; pack++)
        {
            _transport.LetGo();
            ulong[] sent = IdsIn(await _transport.NextAsync());
            Assert.That(sent, Has.Length.LessThanOrEqualTo(128));
            ids.AddRange(sent);
        }

        Assert.That(ids, Is.EqualTo(Enumerable.Range(2, 399).Select(i => (ulong)i)));
    }

    [Test]
    public async Task A_large_message_travels_alone()
    {
        Post(1, alone: true);
        await _transport.NextAsync();
        Post(2);
        _outbox.Post(new GetRequest(new byte[70_000]), RequestId.FromNumber(3));
        Post(4);
        foreach (ulong expected in (ulong[])[2, 3, 4])
        {
            _transport.LetGo();
            Assert.That(IdsIn(await _transport.NextAsync()), Is.EqualTo(new[] { expected }));
        }
    }

    [Test]
    public async Task Until_the_peer_takes_packs_messages_go_one_by_one()
    {
        _outbox.PeerAcceptsPacks = false;
        Post(1, alone: true);
        await _transport.NextAsync();
        Post(2);
        Post(3);
        foreach (ulong expected in (ulong[])[2, 3])
        {
            _transport.LetGo();
            byte[] sent = await _transport.NextAsync();
            Assert.That(IdsIn(sent), Is.EqualTo(new[] { expected }));
        }
    }

    [Test]
    public async Task Who_has_more_to_say_than_is_sent_waits_for_room()
    {
        _outbox.Post(new GetRequest(new byte[20_000]), RequestId.FromNumber(1));
        await _transport.NextAsync();
        Assert.That(_outbox.IsFull, Is.True);
        Task room = _outbox.WaitForRoomAsync().AsTask();
        Assert.That(room.IsCompleted, Is.False);
        _transport.LetGo();
        await room.WaitAsync(Patience);
        Assert.That(_outbox.IsFull, Is.False);
    }

    [Test]
    public async Task A_send_that_fails_is_told_once_and_ends_every_wait()
    {
        _outbox.Post(new GetRequest(new byte[20_000]), RequestId.FromNumber(1));
        await _transport.NextAsync();
        Task room = _outbox.WaitForRoomAsync().AsTask();
        Task drained = _outbox.DrainAsync();
        Post(2);
        _transport.Abort();
        await Task.WhenAll(room, drained).WaitAsync(Patience);
        Assert.That(_lost, Is.InstanceOf<TransportException>());
        Post(3);
        await _outbox.DrainAsync().WaitAsync(Patience);
        Assert.That(_transport.HasMore, Is.False, "nothing is sent after the loss");
    }

    [Test]
    public async Task Many_posting_at_once_lose_nothing_and_each_keeps_its_order()
    {
        const int Posters = 8;
        const int Each = 2000;
        _transport.AlwaysLetGo();
        await Task.WhenAll(Enumerable.Range(0, Posters).Select(poster => Task.Run(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                Post(((ulong)poster << 32) | (uint)i, alone: i % 7 == 0);
            }
        })));
        await _outbox.DrainAsync().WaitAsync(Patience);
        var next = new ulong[Posters];
        int count = 0;
        while (_transport.HasMore)
        {
            foreach (ulong id in IdsIn(await _transport.NextAsync()))
            {
                Assert.That((uint)id, Is.EqualTo(next[id >> 32]++));
                count++;
            }
        }

        Assert.That(count, Is.EqualTo(Posters * Each));
    }

    private static ulong[] IdsIn(byte[] message)
    {
        Assert.That(Envelope.TryParse(message, out Envelope envelope), Is.True);
        if (envelope.Type != MessageType.ClientPack)
        {
            Assert.That(envelope.Id.TryGetNumber(out ulong id), Is.True);
            return [id];
        }

        var ids = new List<ulong>();
        foreach (ReadOnlyMemory<byte> packed in new PackReader(message.AsMemory(0, envelope.Body.Length)))
        {
            ids.AddRange(IdsIn(packed.ToArray()));
        }

        return [.. ids];
    }

    private void Post(ulong id, bool alone = false) => _outbox.Post(new GetRequest("key"u8), RequestId.FromNumber(id), alone);

    /// <summary>Takes one message at a time, each only when the test lets it go.</summary>
    private sealed class SteppingTransport : IMessageTransport
    {
        private readonly Channel<byte[]> _sent = Channel.CreateUnbounded<byte[]>();
        private readonly SemaphoreSlim _steps = new(0);
        private readonly CancellationTokenSource _aborted = new();

        public int MaxMessageBytes { get; set; }

        public bool HasMore => _sent.Reader.TryPeek(out _);

        public void LetGo() => _steps.Release();

        public void AlwaysLetGo() => _steps.Release(1_000_000);

        public async Task<byte[]> NextAsync() => await _sent.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public ValueTask<ReceivedMessage> ReceiveAsync() => throw new NotSupportedException("Nothing is received here.");

        public async ValueTask SendAsync(ReadOnlyMemory<byte> message)
        {
            await _sent.Writer.WriteAsync(message.ToArray());
            try
            {
                await _steps.WaitAsync(_aborted.Token);
            }
            catch (OperationCanceledException exception)
            {
                throw new TransportException("aborted", exception);
            }
        }

        public ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default) => default;

        public void Abort() => _aborted.Cancel();

        public ValueTask DisposeAsync()
        {
            Abort();
            _aborted.Dispose();
            _steps.Dispose();
            return default;
        }
    }
}
