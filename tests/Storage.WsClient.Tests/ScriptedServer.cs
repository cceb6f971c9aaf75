using System.Collections.Concurrent;
using System.Threading.Channels;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Testing;
using WsStorage.Transport;
using WsStorage.Transport.Tls;

namespace WsStorage.WsClient.Tests;

/// <summary>A server without a socket that says exactly what a test wants said. Each connection is a link.</summary>
internal sealed class ScriptedServer
{
    private static readonly Lazy<Truststore> Trusted = new(static () =>
    {
        using CertificateAuthority authority = CertificateAuthority.Create();
        return authority.ToTruststore();
    });

    private readonly Channel<Link> _links = Channel.CreateUnbounded<Link>();

    /// <summary>What the next attempts to connect fail with, before others succeed.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>What attempts fail with, by their URL, while it gives anything.</summary>
    public Func<Uri, Exception?> Refuse { get; set; } = static _ => null;

    /// <summary>The URLs that were tried, in order.</summary>
    public ConcurrentQueue<Uri> Tried { get; } = new();

    /// <summary>Does not answer attempts to connect, until they are cancelled.</summary>
    public bool IsMute { get; set; }

    /// <summary>What the next welcomes say of the store.</summary>
    public Position Position { get; set; }

    /// <summary>What the next welcomes say of the session.</summary>
    public SessionFacts Session { get; set; }

    /// <summary>Where between nothing and its bound each wait before an attempt is. By default there is no wait.</summary>
    public Func<double> Random { get; set; } = static () => 0;

    public SessionLimits Limits { get; set; } = new(1 << 25, 1 << 24, 1 << 25, 1000, 32, 1000);

    /// <summary>A client of this server, by a clock that stands still unless the test has another.</summary>
    public WsStorageClient CreateClient(Func<WsStorageClientOptions, WsStorageClientOptions>? configure = null)
    {
        var options = new WsStorageClientOptions
        {
            Url = new Uri("wss://scripted/storage"),
            Tls = new MutualTlsOptions { Truststore = Trusted.Value },
            TimeProvider = new ManualTimeProvider(),
        };
        return new WsStorageClient(configure?.Invoke(options) ?? options, ConnectAsync, () => Random());
    }

    /// <summary>The next connection that a client makes, its hello answered.</summary>
    public async Task<Link> AcceptAsync() => await _links.Reader.ReadAsync().Soon();

    /// <summary>The connections that a client makes, until <see cref="Stop"/>.</summary>
    public IAsyncEnumerable<Link> AcceptAllAsync() => _links.Reader.ReadAllAsync();

    /// <summary>Takes no more connections.</summary>
    public void Stop() => _links.Writer.TryComplete();

    private async ValueTask<IMessageTransport> ConnectAsync(Uri url, CancellationToken cancellationToken)
    {
        Tried.Enqueue(url);
        if (IsMute)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        if (Failures.TryDequeue(out Exception? failure) || (failure = Refuse(url)) is not null)
        {
            throw failure;
        }

        (InMemoryTransport near, InMemoryTransport far) = InMemoryTransport.CreatePair();
        var link = new Link(far);
        await far.SendAsync(Link.Encode(RequestId.FromNumber(0), new WelcomeMessage("scripted", Limits, Position, Session)));
        return _links.Writer.TryWrite(link) ? near : throw new TransportException("The test is over.");
    }

    internal sealed record Request(MessageType Type, RequestId Id, byte[] Body);

    internal sealed class Link
    {
        private readonly InMemoryTransport _transport;
        private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();
        private readonly TaskCompletionSource<HelloMessage> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<CloseReason?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Link(InMemoryTransport transport)
        {
            _transport = transport;
            _ = ReceiveAllAsync();
        }

        public static byte[] Encode<TMessage>(RequestId id, in TMessage message)
            where TMessage : IMessage, allows ref struct
        {
            using var pack = new PackBuffer(MessageType.ServerPack);
            pack.Append(message, id);
            return pack.ToMessage().ToArray();
        }

        public static byte[] EncodeBody<TMessage>(in TMessage message)
            where TMessage : IMessage, allows ref struct
        {
            byte[] body = new byte[message.BodyLength];
            var writer = new BodyWriter(body);
            message.WriteBody(ref writer);
            return body;
        }

        /// <summary>What the client said first.</summary>
        public Task<HelloMessage> Hello => _hello.Task.Soon();

        /// <summary>In how many messages what came has come.</summary>
        public int MessageCount { get; private set; }

        /// <summary>Whether a request has come that no test has taken.</summary>
        public bool HasRequest => _requests.Reader.TryPeek(out _);

        /// <summary>The next request after the hello.</summary>
        public async Task<Request> ReceiveAsync()
        {
            try
            {
                return await _requests.Reader.ReadAsync().Soon();
            }
            catch (ChannelClosedException exception)
            {
                throw new TransportException("The client is gone.", exception);
            }
        }

        /// <summary>Waits until the client closes, which is answered, or is gone.</summary>
        public Task<CloseReason?> ReceiveCloseAsync() => _closed.Task.Soon();

        public ValueTask ReplyAsync<TMessage>(Request request, in TMessage message)
            where TMessage : IMessage, allows ref struct => ReplyAsync(request.Id, message);

        public ValueTask ReplyAsync<TMessage>(RequestId id, in TMessage message)
            where TMessage : IMessage, allows ref struct => _transport.SendAsync(Encode(id, message));

        /// <summary>Answers gets in one message, in their order, each with its own key as value.</summary>
        public async Task AnswerTogetherAsync(params Request[] gets)
        {
            using var pack = new PackBuffer(MessageType.ServerPack);
            foreach (Request get in gets)
            {
                pack.Append(new GetReply(new Revision(1), found: true, GetRequest.ReadKey(get.Body).Span), get.Id);
            }

            await _transport.SendAsync(pack.ToMessage());
        }

        public ValueTask SendRawAsync(byte[] message) => _transport.SendAsync(message);

        public void Cut() => _transport.Abort();

        public ValueTask CloseAsync(CloseReason reason) => _transport.CloseAsync(reason);

        private async Task ReceiveAllAsync()
        {
            CloseReason? reason = null;
            try
            {
                ReceivedMessage received;
                while ((received = await _transport.ReceiveAsync()).Kind == ReceivedKind.Message)
                {
                    MessageCount++;
                    Unpack(received.Data.ToArray());
                }

                reason = received.CloseReason;
                await _transport.CloseAsync(new CloseReason(CloseReason.Normal, "Good-bye."));
            }
            catch (TransportException)
            {
                // The client, or the test, has cut the link.
            }

            _requests.Writer.Complete();
            _closed.SetResult(reason);
        }

        private void Unpack(byte[] message)
        {
            Assert.That(Envelope.TryParse(message, out Envelope envelope), Is.True);
            if (envelope.Type == MessageType.ClientPack)
            {
                foreach (ReadOnlyMemory<byte> packed in new PackReader(message.AsMemory(0, envelope.Body.Length)))
                {
                    Unpack(packed.ToArray());
                }
            }
            else if (envelope.Type == MessageType.Hello)
            {
                _hello.SetResult(HelloMessage.Read(envelope.Body));
            }
            else
            {
                _requests.Writer.TryWrite(new Request(envelope.Type, envelope.Id, envelope.Body.ToArray()));
            }
        }
    }
}
