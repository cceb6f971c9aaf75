using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

/// <summary>A transport whose sends stall, as when the peer does not read.</summary>
internal sealed class StallingTransport(IMessageTransport inner) : IMessageTransport
{
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stalled;

    public int MaxMessageBytes
    {
        get => inner.MaxMessageBytes;
        set => inner.MaxMessageBytes = value;
    }

    public void Stall() => _stalled = true;

    public ValueTask<ReceivedMessage> ReceiveAsync() => inner.ReceiveAsync();

    public void ReleaseReceived() => inner.ReleaseReceived();

    public async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        if (_stalled)
        {
            await _aborted.Task;
            throw new TransportException("The connection was aborted.");
        }

        await inner.SendAsync(message);
    }

    public ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default) =>
        inner.CloseAsync(reason, cancellationToken);

    public void Abort()
    {
        _aborted.TrySetResult();
        inner.Abort();
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return inner.DisposeAsync();
    }
}
