using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace WsStorage.Transport;

/// <summary>Carries messages over a WebSocket of the framework, which it owns.</summary>
public sealed class WebSocketTransport : IMessageTransport
{
    private readonly WebSocket _socket;
    private readonly TimeSpan _messageTimeout;
    private readonly ReceiveBuffer _received = new();
    private readonly ITimer _messageTimer;
    private string? _abortReason;

    /// <summary>Carries messages over a WebSocket.</summary>
    /// <param name="socket">The socket, open; owned from here on.</param>
    /// <param name="maxMessageBytes">The largest message taken from the peer.</param>
    /// <param name="messageTimeout">How long a message that has begun may take to end.</param>
    /// <param name="timeProvider">Tells the time.</param>
    public WebSocketTransport(WebSocket socket, int maxMessageBytes, TimeSpan messageTimeout, TimeProvider timeProvider)
    {
        _socket = socket;
        _messageTimeout = messageTimeout;
        MaxMessageBytes = maxMessageBytes;
        _messageTimer = timeProvider.CreateTimer(
            static state => ((WebSocketTransport)state!).OnMessageTimeout(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public int MaxMessageBytes { get; set; }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedMessage> ReceiveAsync()
    {
        _received.BeginMessage();
        bool timed = false;
        try
        {
            while (true)
            {
                ValueTask<ValueWebSocketReceiveResult> receive = _socket.ReceiveAsync(_received.GetFree(), CancellationToken.None);
                if (_received.MessageLength > 0 && !timed && !receive.IsCompleted)
                {
                    timed = true;
                    _messageTimer.Change(_messageTimeout, Timeout.InfiniteTimeSpan);
                }

                ValueWebSocketReceiveResult result = await receive.ConfigureAwait(false);
                if (result.MessageType != WebSocketMessageType.Binary)
                {
                    return result.MessageType == WebSocketMessageType.Text ? new(ReceivedKind.Text, default) : Closed();
                }

                _received.Advance(result.Count);
                if (_received.MessageLength > MaxMessageBytes)
                {
                    return new(ReceivedKind.TooLarge, default);
                }

                if (result.EndOfMessage)
                {
                    return new(ReceivedKind.Message, _received.Message);
                }
            }
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw Lost(exception);
        }
        finally
        {
            if (timed)
            {
                _messageTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw Lost(exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default)
    {
        if (_socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }

        try
        {
            // The framework's own close can outlive its token (dotnet/runtime 118471): ending the socket is what bounds it.
            using CancellationTokenRegistration registration =
                cancellationToken.UnsafeRegister(static state => ((WebSocketTransport)state!).Abort(), this);
            await _socket.CloseOutputAsync((WebSocketCloseStatus)reason.Code, reason.WireText, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            // The peer is gone, which is what was wanted; there is nobody left to tell.
            Abort();
        }
    }

    /// <inheritdoc/>
    public void Abort() => _socket.Abort();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Abort();
        await _messageTimer.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
        _received.Dispose();
    }

    private static bool IsLoss(Exception exception) => exception
        is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;

    private ReceivedMessage Closed() => new(
        ReceivedKind.Closed,
        default,
        new CloseReason((int)(_socket.CloseStatus ?? WebSocketCloseStatus.Empty), _socket.CloseStatusDescription ?? string.Empty));

    private void OnMessageTimeout()
    {
        _abortReason = $"A message that had begun did not end within {_messageTimeout}.";
        Abort();
    }

    private TransportException Lost(Exception exception) =>
        new(_abortReason ?? $"The connection is lost: {exception.GetBaseException().Message}", exception);
}
