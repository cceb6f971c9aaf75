using System.Buffers.Binary;
using System.Net.WebSockets;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Transport.Tls;

namespace WsStorage.Benchmarks.Load;

/// <summary>
/// Messages as long as the reply to a get, sent to and fro over a plain WebSocket with the same TLS: the floor of a round
/// trip's latency, and the ceiling for one message an operation.
/// </summary>
internal sealed class EchoLoad : IDisposable
{
    // What a reply has beside the value: type, id, revision, lengths, trailer.
    private const int Overhead = 30;

    private readonly ClientWebSocket _socket;
    private readonly RunOptions _options;
    private readonly byte[] _sent;
    private readonly byte[] _received;
    private ulong _lastSent;
    private ulong _lastReceived;

    private EchoLoad(ClientWebSocket socket, RunOptions options)
    {
        _socket = socket;
        _options = options;
        _sent = new byte[options.ValueBytes + Overhead];
        _received = new byte[_sent.Length];
    }

    /// <summary>Connects.</summary>
    /// <param name="peers">The host's peers.</param>
    /// <param name="tls">The client's side of mutual TLS.</param>
    /// <param name="options">How long to measure, and how long values are.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<EchoLoad> ConnectAsync(
        Uri peers, MutualTlsOptions tls, RunOptions options, CancellationToken cancellationToken) =>
        new(await PlainSocket.ConnectAsync(new Uri(peers, "/echo"), tls, cancellationToken), options);

    /// <summary>Measures with as many messages outstanding as the depth says; a latency is that of receiving one and sending
    /// the next, and so of a whole round trip when the depth is 1.</summary>
    /// <exception cref="WrongValueException">What came back is not what was sent.</exception>
    public async Task<Sample> MeasureAsync(int depth, CancellationToken cancellationToken)
    {
        for (int ahead = 1; ahead < depth; ahead++)
        {
            await SendAsync(cancellationToken);
        }

        Sample sample = await ClosedLoop.MeasureAsync([RoundAsync], _options, cancellationToken);
        while (_lastReceived < _lastSent)
        {
            await ReceiveAsync(cancellationToken);
        }

        return sample;

        async ValueTask RoundAsync()
        {
            await SendAsync(cancellationToken);
            await ReceiveAsync(cancellationToken);
        }
    }

    public void Dispose() => _socket.Dispose();

    private ValueTask SendAsync(CancellationToken cancellationToken)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_sent, ++_lastSent);
        return _socket.SendAsync(_sent.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
    }

    private async ValueTask ReceiveAsync(CancellationToken cancellationToken)
    {
        int length = 0;
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(_received.AsMemory(length), cancellationToken);
            length += part.Count;
        }
        while (!part.EndOfMessage && length < _received.Length);

        if (length != _sent.Length || !part.EndOfMessage || BinaryPrimitives.ReadUInt64LittleEndian(_received) != ++_lastReceived)
        {
            throw new WrongValueException("The echo did not send back what was sent.");
        }
    }
}
