using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

/// <summary>Speaks to a session without a socket, saying exactly what a test wants said.</summary>
internal sealed class ScriptedClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly InMemoryTransport _near;
    private readonly Queue<Reply> _unpacked = new();
    private Task _running = Task.CompletedTask;

    public ScriptedClient(
        IStorage storage,
        StorageSessionOptions? options = null,
        TimeProvider? timeProvider = null,
        ILogger? logger = null,
        Func<IMessageTransport, IMessageTransport>? wrap = null)
        : this(Serve(storage, options, timeProvider, logger), wrap: wrap)
    {
    }

    /// <summary>A client beside others of the same endpoint.</summary>
    public ScriptedClient(ServedStorage served, string identity = "test", Func<IMessageTransport, IMessageTransport>? wrap = null)
    {
        (_near, InMemoryTransport far) = InMemoryTransport.CreatePair();
        Session = new Session(wrap?.Invoke(far) ?? far, served.NewContext(new ClientIdentity(identity, identity)));
    }

    public Session Session { get; }

    /// <summary>The messages of the last WebSocket message: more than one came in a pack.</summary>
    public int LastPackSize { get; private set; }

    /// <summary>How many repeats have come; what they repeat is received in their place.</summary>
    public int Repeats { get; private set; }

    /// <summary>Serves a storage, by a clock that stands still unless the test has another.</summary>
    public static ServedStorage Serve(
        IStorage storage, StorageSessionOptions? options = null, TimeProvider? timeProvider = null, ILogger? logger = null) =>
        new(
            storage,
            options ?? new StorageSessionOptions(),
            timeProvider ?? new ManualTimeProvider(),
            logger ?? NullLogger.Instance);

    public static async Task<ScriptedClient> ConnectAsync(
        ServedStorage served, Guid? clientId = null, string identity = "test", bool packs = false)
    {
        var client = new ScriptedClient(served, identity);
        client.Run();
        await client.HelloAsync(packs, clientId: clientId);
        return client;
    }

    public static async Task<ScriptedClient> ConnectAsync(
        IStorage storage, StorageSessionOptions? options = null, bool packs = false, TimeProvider? timeProvider = null, int maxMessageBytes = 1 << 26)
    {
        var client = new ScriptedClient(storage, options, timeProvider);
        client.Run();
        await client.HelloAsync(packs, maxMessageBytes);
        return client;
    }

    public void Run() => _running = Session.RunAsync();

    public async Task<WelcomeMessage> HelloAsync(
        bool packs = false, int maxMessageBytes = 1 << 26, Guid? clientId = null, bool repeats = false)
    {
        await SendAsync("hi", new HelloMessage(ProtocolConstants.Version, packs, "scripted", maxMessageBytes, clientId, repeats));
        Reply reply = await ReceiveAsync();
        Assert.That(reply.Type, Is.EqualTo(MessageType.Welcome));
        return WelcomeMessage.Read(reply.Body);
    }

    public static byte[] Encode<TMessage>(string id, in TMessage message)
        where TMessage : IMessage, allows ref struct
    {
        using var pack = new PackBuffer(MessageType.ClientPack);
        pack.Append(message, ToId(id));
        return pack.ToMessage().ToArray();
    }

    public ValueTask SendAsync<TMessage>(string id, in TMessage message)
        where TMessage : IMessage, allows ref struct => SendRawAsync(Encode(id, message));

    public ValueTask SendRawAsync(ReadOnlyMemory<byte> message) => _near.SendAsync(message);

    public ValueTask SendTextAsync() => _near.SendTextAsync();

    public ValueTask SendPackAsync(params IEnumerable<byte[]> messages)
    {
        var body = new List<byte>();
        var length = new byte[Varint.MaxLength];
        foreach (byte[] message in messages)
        {
            body.AddRange(length.AsSpan(0, Varint.Write(length, (ulong)message.Length)));
            body.AddRange(message);
        }

        body.AddRange([ProtocolConstants.Separator, (byte)MessageType.ClientPack]);
        return SendRawAsync(body.ToArray());
    }

    /// <summary>
    /// Lets time pass until the session, which is idle, closes, and no more: the close is bounded by the clock too. What is
    /// answered counts as in flight for a moment more, and then the time begins anew.
    /// </summary>
    public void LetIdle(ManualTimeProvider time, TimeSpan idle)
    {
        while (!Session.Ended.IsCompleted && !time.IsSet(SessionContext.CloseTimeout))
        {
            time.Advance(idle);
        }
    }

    public ValueTask CloseAsync() => _near.CloseAsync(new CloseReason(CloseReason.Normal, "done"));

    /// <summary>The next reply, taken out of its pack if it came in one.</summary>
    public async Task<Reply> ReceiveAsync()
    {
        if (_unpacked.TryDequeue(out Reply? waiting))
        {
            return waiting;
        }

        ReceivedMessage received = await _near.ReceiveAsync().AsTask().WaitAsync(Patience);
        if (received.Kind == ReceivedKind.Closed)
        {
            return new Reply(default, string.Empty, [], received.CloseReason);
        }

        byte[] message = received.Data.ToArray();
        Assert.That(Envelope.TryParse(message, out Envelope envelope), Is.True);
        if (envelope.Type != MessageType.ServerPack)
        {
            LastPackSize = 1;
            return Reply.From(message);
        }

        Unpack(message.AsMemory(0, envelope.Body.Length));
        return _unpacked.Dequeue();
    }

    public async Task<ErrorReply> ReceiveErrorAsync(string id)
    {
        Reply reply = await ReceiveAsync();
        Assert.That((reply.Type, reply.Id), Is.EqualTo((MessageType.Error, id)), reply.Close?.Text);
        return ErrorReply.Read(reply.Body);
    }

    public async Task<CloseReason> ReceiveCloseAsync()
    {
        Reply reply = await ReceiveAsync();
        Assert.That(reply.Close, Is.Not.Null, reply.Type.ToString());
        return reply.Close!;
    }

    public async ValueTask DisposeAsync()
    {
        _near.Abort();
        await _running.WaitAsync(Patience);
    }

    private void Unpack(ReadOnlyMemory<byte> pack)
    {
        List<Reply> replies = [];
        foreach (ReadOnlyMemory<byte> packed in new PackReader(pack))
        {
            var reply = Reply.From(packed.ToArray());
            if (reply.Type == MessageType.Repeat)
            {
                Repeats++;
                RepeatMessage repeat = RepeatMessage.Read(reply.Body);
                replies.GetRange(replies.Count - repeat.Back, repeat.Count).ForEach(
                    repeated => _unpacked.Enqueue(repeated with { Id = reply.Id }));
            }
            else
            {
                _unpacked.Enqueue(reply);
            }

            replies.Add(reply);
        }

        LastPackSize = replies.Count;
    }

    private static RequestId ToId(string id) => RequestId.FromDigits(System.Text.Encoding.ASCII.GetBytes(id));

    internal sealed record Reply(MessageType Type, string Id, byte[] Body, CloseReason? Close)
    {
        public static Reply From(byte[] message)
        {
            Assert.That(Envelope.TryParse(message, out Envelope envelope), Is.True);
            return new Reply(envelope.Type, envelope.Id.ToString(), envelope.Body.ToArray(), null);
        }
    }
}
