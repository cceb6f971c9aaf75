using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

/// <summary>A peer that says hello, then one message over and over without a pause, then closes.</summary>
internal sealed class FloodingTransport(byte[] message, int count) : IMessageTransport
{
    private bool _greeted;
    private int _sent;
    private long _heldBytes;

    public int MaxMessageBytes { get; set; }

    /// <summary>The most bytes of messages that were not released.</summary>
    public long MostHeldBytes { get; private set; }

    public ValueTask<ReceivedMessage> ReceiveAsync()
    {
        if (!_greeted)
        {
            _greeted = true;
            var hello = new HelloMessage(ProtocolConstants.Version, true, "flood", 1 << 26);
            return new(new ReceivedMessage(ReceivedKind.Message, ScriptedClient.Encode("hi", hello)));
        }

        if (_sent++ >= count)
        {
            return new(new ReceivedMessage(ReceivedKind.Closed, default, new CloseReason(CloseReason.Normal, "done")));
        }

        _heldBytes += message.Length;
        MostHeldBytes = Math.Max(MostHeldBytes, _heldBytes);
        return new(new ReceivedMessage(ReceivedKind.Message, message));
    }

    public void ReleaseReceived() => _heldBytes = 0;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message) => default;

    public ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default) => default;

    public void Abort()
    {
    }

    public ValueTask DisposeAsync() => default;
}
