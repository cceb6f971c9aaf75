using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.WebSockets;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Transport.Tls;

namespace WsStorage.Benchmarks.Load;

/// <summary>A publisher and the connections of its subscribers, over plain WebSockets.</summary>
internal sealed class BroadcastLoad : IDisposable
{
    private readonly ClientWebSocket _publisher;
    private readonly IReadOnlyList<ClientWebSocket> _connections;
    private readonly int _subscribers;
    private readonly byte[] _message;
    private long _published;

    private BroadcastLoad(ClientWebSocket publisher, IReadOnlyList<ClientWebSocket> connections, int subscribers, int messageBytes)
    {
        _publisher = publisher;
        _connections = connections;
        _subscribers = subscribers;
        _message = new byte[messageBytes];
    }

    /// <summary>Connects.</summary>
    /// <param name="peers">The host's peers.</param>
    /// <param name="tls">The client's side of mutual TLS.</param>
    /// <param name="connections">How many connections.</param>
    /// <param name="subscribers">How many subscribers on each.</param>
    /// <param name="messageBytes">How long a message is.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<BroadcastLoad> ConnectAsync(
        Uri peers, MutualTlsOptions tls, int connections, int subscribers, int messageBytes, CancellationToken cancellationToken)
    {
        var subscribed = new List<ClientWebSocket>();
        for (int i = 0; i < connections; i++)
        {
            ClientWebSocket socket = await PlainSocket.ConnectAsync(new Uri(peers, $"/broadcast?subscribers={subscribers}"), tls, cancellationToken);
            await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
            subscribed.Add(socket);
        }

        ClientWebSocket publisher = await PlainSocket.ConnectAsync(new Uri(peers, "/publish"), tls, cancellationToken);
        return new BroadcastLoad(publisher, subscribed, subscribers, messageBytes);
    }

    /// <summary>Publishes, and waits until all subscribers have been told all.</summary>
    /// <returns>Delivered messages per second.</returns>
    /// <exception cref="WrongValueException">A message was missing, or not what was published.</exception>
    public async Task<Sample> MeasureAsync(int count, CancellationToken cancellationToken)
    {
        long first = _published + 1;
        long start = Stopwatch.GetTimestamp();
        Task[] receiving = [.. _connections.Select(socket => Task.Run(() => ReceiveAsync(socket, first, count, cancellationToken), cancellationToken))];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_message, ++_published);
            await _publisher.SendAsync(_message.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }

        await Task.WhenAll(receiving);
        return new Sample(count * (double)_subscribers * _connections.Count / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public void Dispose()
    {
        _publisher.Dispose();
        foreach (ClientWebSocket socket in _connections)
        {
            socket.Dispose();
        }
    }

    private async Task ReceiveAsync(ClientWebSocket socket, long first, int count, CancellationToken cancellationToken)
    {
        byte[] pack = new byte[64 * 1024];
        long expected = (long)count * _subscribers;
        for (long told = 0; told < expected;)
        {
            int length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(pack.AsMemory(length), cancellationToken);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            for (int at = 0; at < length; told++)
            {
                int messageBytes = BinaryPrimitives.ReadInt32LittleEndian(pack.AsSpan(at));
                long number = BinaryPrimitives.ReadInt64LittleEndian(pack.AsSpan(at + sizeof(int)));
                if (messageBytes != _message.Length || number != first + (told / _subscribers))
                {
                    throw new WrongValueException("A subscriber was not told what was published.");
                }

                at += sizeof(int) + messageBytes;
            }
        }
    }
}
