using System.Net.WebSockets;
using WsStorage.Testing;

namespace WsStorage.Transport.Tests;

public class WebSocketTransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private ManualTimeProvider _time = null!;
    private WebSocket _peer = null!;
    private WebSocketTransport _transport = null!;

    [SetUp]
    public void SetUp()
    {
        (Stream near, Stream far) = DuplexStream.CreatePair();
        _time = new ManualTimeProvider();
        _peer = WebSocket.CreateFromStream(near, new WebSocketCreationOptions { IsServer = false });
        _transport = new WebSocketTransport(
            WebSocket.CreateFromStream(far, new WebSocketCreationOptions { IsServer = true }), 100_000, TimeSpan.FromSeconds(60), _time);
    }

    [TearDown]
    public async Task TearDown()
    {
        await _transport.DisposeAsync();
        _peer.Dispose();
    }

    [Test]
    public async Task Messages_of_any_size_come_whole()
    {
        foreach (int length in (int[])[0, 1, 125, 126, 4096, 65_535, 65_536, 100_000])
        {
            byte[] message = Make(length);
            Task sending = _peer.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            ReceivedMessage received = await ReceiveAsync();
            Assert.That(received.Kind, Is.EqualTo(ReceivedKind.Message));
            Assert.That(received.Data.ToArray(), Is.EqualTo(message));
            await sending;
        }
    }

    [Test]
    public async Task A_message_in_many_frames_is_one_message()
    {
        byte[] message = Make(50_000);
        for (int at = 0; at < message.Length; at += 1000)
        {
            await _peer.SendAsync(message.AsMemory(at, 1000), WebSocketMessageType.Binary, at + 1000 == message.Length, default);
        }

        Assert.That((await ReceiveAsync()).Data.ToArray(), Is.EqualTo(message));
    }

    [Test]
    public async Task Messages_of_all_lengths_come_whole_one_after_the_other()
    {
        int[] lengths = [0, 1, 1023, 1024, 1025, 5000, 3, 28 * 1024, 32 * 1024, 33 * 1024, 1024, 90_000, 2];
        for (int i = 0; i < lengths.Length; i++)
        {
            byte[] message = new byte[lengths[i]];
            Array.Fill(message, (byte)i);
            Task sending = _peer.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, true, default).AsTask();
            ReadOnlyMemory<byte> received = (await ReceiveAsync()).Data;
            await sending;
            Assert.That(received.Length, Is.EqualTo(lengths[i]));
            Assert.That(received.Span.IndexOfAnyExcept((byte)i), Is.Negative);
        }
    }

    [Test]
    public async Task A_message_over_the_limit_is_told_before_it_is_gathered()
    {
        await _peer.SendAsync(Make(60_000).AsMemory(), WebSocketMessageType.Binary, false, default);
        await _peer.SendAsync(Make(60_000).AsMemory(), WebSocketMessageType.Binary, false, default);
        Assert.That((await ReceiveAsync()).Kind, Is.EqualTo(ReceivedKind.TooLarge));
    }

    [Test]
    public async Task A_text_message_is_told()
    {
        await _peer.SendAsync("hello"u8.ToArray().AsMemory(), WebSocketMessageType.Text, true, default);
        Assert.That((await ReceiveAsync()).Kind, Is.EqualTo(ReceivedKind.Text));
    }

    [Test]
    public async Task A_close_is_told_with_its_reason()
    {
        await _peer.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "gone", default);
        ReceivedMessage received = await ReceiveAsync();
        Assert.That(received.Kind, Is.EqualTo(ReceivedKind.Closed));
        Assert.That(received.CloseReason, Is.EqualTo(new CloseReason(CloseReason.GoingAway, "gone")));
    }

    [Test]
    public async Task Closing_tells_the_peer_why_in_at_most_123_bytes()
    {
        await _transport.CloseAsync(new CloseReason(CloseReason.ProtocolError, new string('ü', 100)));
        ValueWebSocketReceiveResult result = await _peer.ReceiveAsync(new byte[10].AsMemory(), default);
        Assert.That(result.MessageType, Is.EqualTo(WebSocketMessageType.Close));
        Assert.That((int)_peer.CloseStatus!, Is.EqualTo(CloseReason.ProtocolError));
        Assert.That(_peer.CloseStatusDescription, Is.EqualTo(new string('ü', 61)));
    }

    [Test]
    public async Task A_message_that_does_not_end_in_time_ends_the_connection()
    {
        await _peer.SendAsync(Make(100).AsMemory(), WebSocketMessageType.Binary, false, default);
        Task<ReceivedMessage> receiving = _transport.ReceiveAsync().AsTask();
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(60));
        _time.Advance(TimeSpan.FromSeconds(60));
        TransportException error = (await Assert.ThrowsAsync<TransportException>(() => receiving.WaitAsync(Patience)))!;
        Assert.That(error.Message, Does.Contain("did not end within"));
    }

    [Test]
    public async Task Aborting_ends_what_is_outstanding()
    {
        Task<ReceivedMessage> receiving = _transport.ReceiveAsync().AsTask();
        _transport.Abort();
        await Assert.ThrowsAsync<TransportException>(() => receiving.WaitAsync(Patience));
        await Assert.ThrowsAsync<TransportException>(async () => await _transport.SendAsync(Make(1)));
    }

    private static byte[] Make(int length)
    {
        byte[] message = new byte[length];
        new Random(length).NextBytes(message);
        return message;
    }

    private async Task<ReceivedMessage> ReceiveAsync() => await _transport.ReceiveAsync().AsTask().WaitAsync(Patience);
}
