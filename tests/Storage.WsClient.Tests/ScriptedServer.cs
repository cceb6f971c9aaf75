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

    internal sealed class Link(InMemoryTransport transport)
    {
        private readonly Queue<Request> _unpacked = new();

        public static byte[] Encode<TMessage>(RequestId id, in TMessage message)
            where TMessage : IMessage, allows ref struct
        {
            using var pack = new PackBuffer(MessageType.ServerPack);
            pack.Append(message, id);
            return pack.ToMessage().ToArray();
        }

        /// <summary>The next request, after the hello.</summary>
        public async Task<Request> ReceiveAsync()
        {
            while (true)
            {
                if (_unpacked.TryDequeue(out Request? request))
                {
                    if (request.Type == MessageType.Hello)
                    {
                        continue;
                    }

                    return request;
                }

                ReceivedMessage received = await transport.ReceiveAsync().AsTask().WaitAsync(Patience);
                Assert.That(received.Kind, Is.EqualTo(ReceivedKind.Message), received.CloseReason?.Text);
                Unpack(received.Data.ToArray());
            }
        }

        /// <summary>Waits until the client closes or is gone.</summary>
        public async Task<CloseReason?> ReceiveCloseAsync()
        {
            while (true)
            {
                ReceivedMessage received = await transport.ReceiveAsync().AsTask().WaitAsync(Patience);
                if (received.Kind == ReceivedKind.Closed)
                {
                    return received.CloseReason;
                }
            }
        }

        public ValueTask ReplyAsync<TMessage>(Request request, in TMessage message)
            where TMessage : IMessage, allows ref struct => ReplyAsync(request.Id, message);

        public ValueTask ReplyAsync<TMessage>(RequestId id, in TMessage message)
            where TMessage : IMessage, allows ref struct => transport.SendAsync(Encode(id, message));

        public ValueTask SendRawAsync(byte[] message) => transport.SendAsync(message);

        public void Cut() => transport.Abort();

        public ValueTask CloseAsync(CloseReason reason) => transport.CloseAsync(reason);

        private void Unpack(byte[] message)
        {
            Assert.That(Envelope.TryParse(message, out Envelope envelope), Is.True);
            if (envelope.Type != MessageType.ClientPack)
            {
                _unpacked.Enqueue(new Request(envelope.Type, envelope.Id, envelope.Body.ToArray()));
                return;
            }

            foreach (ReadOnlyMemory<byte> packed in new PackReader(message.AsMemory(0, envelope.Body.Length)))
            {
                Unpack(packed.ToArray());
            }
        }
    }
}
