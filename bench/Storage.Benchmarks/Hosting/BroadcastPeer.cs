using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>
/// A plain broadcast: each message of the publisher goes to every subscriber of every connection. What waits for a connection goes
/// out together, as lengths and messages in one WebSocket message of at most 60 KiB.
/// </summary>
internal sealed class BroadcastPeer
{
    private const int MaxBytes = 60 * 1024;
    private const int MaxWaiting = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly List<Channel<byte[]>> _connections = [];

    /// <summary>Serves a connection with as many subscribers as its query says.</summary>
    public async Task SubscribeAsync(HttpContext http)
    {
        int subscribers = int.Parse(http.Request.Query["subscribers"]!, System.Globalization.CultureInfo.InvariantCulture);
        using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
        var waiting = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
        lock (_gate)
        {
            _connections.Add(waiting);
        }

        // Says that it listens, so that nothing is published before.
        await socket.SendAsync(Array.Empty<byte>(), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        Task sending = SendAsync(socket, waiting.Reader, subscribers);
        await socket.ReceiveAsync(new byte[1].AsMemory(), CancellationToken.None);
        lock (_gate)
        {
            _connections.Remove(waiting);
        }

        waiting.Writer.Complete();
        await sending;
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    /// <summary>Takes messages to broadcast.</summary>
    public async Task PublishAsync(HttpContext http)
    {
        using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            byte[] message = buffer.AsSpan(0, received.Count).ToArray();
            Channel<byte[]>[] all;
            lock (_gate)
            {
                all = [.. _connections];
            }

            foreach (Channel<byte[]> each in all)
            {
                await each.Writer.WriteAsync(message);
            }
        }
    }

    private static async Task SendAsync(WebSocket socket, ChannelReader<byte[]> waiting, int subscribers)
    {
        byte[] pack = new byte[MaxBytes];
        int length = 0;
        while (await waiting.WaitToReadAsync())
        {
            while (waiting.TryRead(out byte[]? message))
            {
                for (int i = 0; i < subscribers; i++)
                {
                    if (length + sizeof(int) + message.Length > pack.Length)
                    {
                        await FlushAsync();
                    }

                    BinaryPrimitives.WriteInt32LittleEndian(pack.AsSpan(length), message.Length);
                    message.CopyTo(pack.AsSpan(length + sizeof(int)));
                    length += sizeof(int) + message.Length;
                }
            }

            await FlushAsync();
        }

        async ValueTask FlushAsync()
        {
            await socket.SendAsync(pack.AsMemory(0, length), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            length = 0;
        }
    }
}
