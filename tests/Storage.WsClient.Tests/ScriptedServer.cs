using System.Threading.Channels;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;
using WsStorage.Transport.Tls;

namespace WsStorage.WsClient.Tests;

/// <summary>A server without a socket that says exactly what a test wants said. Each connection is a link.</summary>
internal sealed class ScriptedServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<Link> _links = Channel.CreateUnbounded<Link>();

    /// <summary>What the next attempts to connect fail with, before others succeed.</summary>
    public Queue<Exception> Failures { get; } = new();

    public SessionLimits Limits { get; set; } = new(1 << 25, 1 << 24, 1 << 25, 1000, 32);

    /// <summary>A client of this server, and its state changes.</summary>
    public WsStorageClient CreateClient(Func<WsStorageClientOptions, WsStorageClientOptions>? configure = null)
    {
        using CertificateAuthority authority = CertificateAuthority.Create();
        var options = new WsStorageClientOptions
        {
            Url = new Uri("wss://scripted/storage"),
            Tls = new MutualTlsOptions { Truststore = authority.ToTruststore() },
        };
        return new WsStorageClient(configure?.Invoke(options) ?? options, ConnectAsync);
    }

    /// <summary>The next connection that a client makes, its hello answered.</summary>
    public async Task<Link> AcceptAsync() => await _links.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    private async ValueTask<IMessageTransport> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Failures.TryDequeue(out Exception? failure))
        {
            throw failure;
        }

        (InMemoryTransport near, InMemoryTransport far) = InMemoryTransport.CreatePair();
        var link = new Link(far);
        await far.SendAsync(Link.Encode(RequestId.FromNumber(0), new WelcomeMessage("scripted", Limits, default)));
        await _links.Writer.WriteAsync(link, cancellationToken);
        return near;
    }

    internal sealed record Request(MessageType Type, RequestId Id, byte[] Body);

    internal sealed class Link
    {
        private readonly InMemoryTransport _transport;
        private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();
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

        /// <summary>The next request after the hello.</summary>
        public async Task<Request> ReceiveAsync()
        {
            try
            {
                return await _requests.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            }
            catch (ChannelClosedException exception)
            {
                throw new TransportException("The client is gone.", exception);
            }
        }

        /// <summary>Waits until the client closes, which is answered, or is gone.</summary>
        public Task<CloseReason?> ReceiveCloseAsync() => _closed.Task.WaitAsync(Patience);

        public ValueTask ReplyAsync<TMessage>(Request request, in TMessage message)
            where TMessage : IMessage, allows ref struct => ReplyAsync(request.Id, message);

        public ValueTask ReplyAsync<TMessage>(RequestId id, in TMessage message)
            where TMessage : IMessage, allows ref struct => _transport.SendAsync(Encode(id, message));

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
            else if (envelope.Type != MessageType.Hello)
            {
                _requests.Writer.TryWrite(new Request(envelope.Type, envelope.Id, envelope.Body.ToArray()));
            }
        }
    }
}
