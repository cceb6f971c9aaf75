using System.Threading.Channels;

namespace WsStorage.Transport;

/// <summary>Two ends of a connection without a socket, for tests and for measuring what lies above the socket.</summary>
public sealed class InMemoryTransport : IMessageTransport
{
    private const string Lost = "The connection is lost.";
    private const byte Overwritten = 0xEE;

    private readonly Channel<ReceivedMessage> _incoming;
    private readonly Channel<ReceivedMessage> _outgoing;
    private volatile bool _isAborted;
    private byte[] _received = [];

    private InMemoryTransport(Channel<ReceivedMessage> incoming, Channel<ReceivedMessage> outgoing)
    {
        _incoming = incoming;
        _outgoing = outgoing;
    }

    /// <inheritdoc/>
    public int MaxMessageBytes { get; set; } = int.MaxValue;

    /// <summary>Makes a connection.</summary>
    /// <returns>Its two ends.</returns>
    public static (InMemoryTransport Left, InMemoryTransport Right) CreatePair()
    {
        Channel<ReceivedMessage> toLeft = Channel.CreateUnbounded<ReceivedMessage>();
        Channel<ReceivedMessage> toRight = Channel.CreateUnbounded<ReceivedMessage>();
        return (new(toLeft, toRight), new(toRight, toLeft));
    }

    /// <inheritdoc/>
    public async ValueTask<ReceivedMessage> ReceiveAsync()
    {
        // What a socket would do to the memory of the message before.
        _received.AsSpan().Fill(Overwritten);
        ReceivedMessage message;
        try
        {
            message = await _incoming.Reader.ReadAsync().ConfigureAwait(false);
        }
        catch (ChannelClosedException exception)
        {
            throw new TransportException(Lost, exception);
        }

        if (_isAborted)
        {
            // Those before it may be lost already: what is received has no gap, as over a socket.
            throw new TransportException(Lost);
        }

        if (message.Data.Length > MaxMessageBytes)
        {
            return new(ReceivedKind.TooLarge, default);
        }

        _received = message.Data.ToArray();
        return message with { Data = _received };
    }

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message) => Write(new(ReceivedKind.Message, message.ToArray()));

    /// <summary>Sends a text message, as a peer that is not ours might.</summary>
    /// <returns>Completes when it is on its way.</returns>
    public ValueTask SendTextAsync() => Write(new(ReceivedKind.Text, default));

    /// <inheritdoc/>
    public ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default)
    {
        _outgoing.Writer.TryWrite(new(ReceivedKind.Closed, default, reason));
        _outgoing.Writer.TryComplete();
        return default;
    }

    /// <inheritdoc/>
    public void Abort()
    {
        _isAborted = true;
        _outgoing.Writer.TryComplete();
        _incoming.Writer.TryComplete();
        while (_incoming.Reader.TryRead(out _))
        {
            // What was on its way is lost with the connection.
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Abort();
        return default;
    }

    private ValueTask Write(ReceivedMessage message) => _outgoing.Writer.TryWrite(message)
        ? default
        : ValueTask.FromException(new TransportException(Lost));
}
