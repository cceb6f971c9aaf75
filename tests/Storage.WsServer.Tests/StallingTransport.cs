using WsStorage.Transport;

namespace WsStorage.WsServer.Tests;

/// <summary>A transport whose sends stall, as when the peer does not read.</summary>
internal sealed class StallingTransport(IMessageTransport inner) : IMessageTransport
{
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _passes = new(0);
    private readonly SemaphoreSlim _stalls = new(0);
    private volatile bool _stalled;
    private int _sentBytes;

    /// <summary>Completes when a send has stalled.</summary>
    public Task Stalled => _sending.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>How many bytes were sent.</summary>
    public int SentBytes => Volatile.Read(ref _sentBytes);

    public int MaxMessageBytes
    {
        get => inner.MaxMessageBytes;
        set => inner.MaxMessageBytes = value;
    }

    public void Stall() => _stalled = true;

    /// <summary>Goes on with what stalled.</summary>
    public void Resume()
    {
        _stalled = false;
        _resumed.TrySetResult();
    }

    /// <summary>Lets one send through, and waits until the next has stalled.</summary>
    public async Task PassOneAsync()
    {
        await _stalls.WaitAsync();
        _passes.Release();
        await _stalls.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        _stalls.Release();
    }

    public ValueTask<ReceivedMessage> ReceiveAsync() => inner.ReceiveAsync();

    public async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        if (_stalled)
        {
            _sending.TrySetResult();
            _stalls.Release();
            if (await Task.WhenAny(_aborted.Task, _resumed.Task, _passes.WaitAsync()) == _aborted.Task)
            {
                throw new TransportException("The connection was aborted.");
            }
        }

        Interlocked.Add(ref _sentBytes, message.Length);
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
