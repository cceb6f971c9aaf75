using System.Threading.Channels;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Protocol;
using WsStorage.Transport;

namespace WsStorage.Benchmarks.Micro;

/// <summary>
/// Hands a session what a client says, on the caller's thread and without a copy, and waits for the replies. It allocates
/// nothing, so that what is allocated is the session's.
/// </summary>
internal sealed class RoundTripTransport : IMessageTransport
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<ReceivedMessage> _requests = Channel.CreateUnbounded<ReceivedMessage>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly ManualResetEventSlim _answered = new();
    private MessageType _expected;
    private int _missing;
    private MessageType? _unexpected;

    public int MaxMessageBytes { get; set; }

    /// <summary>Says something and waits for its replies.</summary>
    /// <param name="message">A message or a pack.</param>
    /// <param name="reply">The type of its replies.</param>
    /// <param name="count">How many replies come.</param>
    /// <exception cref="WrongValueException">There was another reply, or too few.</exception>
    public void Say(ReadOnlyMemory<byte> message, MessageType reply, int count)
    {
        _answered.Reset();
        _expected = reply;
        _missing = count;
        _requests.Writer.TryWrite(new ReceivedMessage(ReceivedKind.Message, message));
        if (!_answered.Wait(Patience))
        {
            throw new WrongValueException($"{_missing} replies of type {reply} are missing.");
        }

        if (_unexpected is { } unexpected)
        {
            throw new WrongValueException($"A {unexpected} came in the place of a {reply}.");
        }
    }

    public ValueTask<ReceivedMessage> ReceiveAsync() => _requests.Reader.ReadAsync();

    public ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        Envelope envelope = Parse(message);
        if (envelope.Type != MessageType.ServerPack)
        {
            Count(envelope.Type);
            return default;
        }

        foreach (ReadOnlyMemory<byte> packed in new PackReader(message[..envelope.Body.Length]))
        {
            Count(Parse(packed).Type);
        }

        return default;
    }

    public ValueTask CloseAsync(CloseReason reason, CancellationToken cancellationToken = default) => default;

    /// <summary>Tells the session that its client has hung up.</summary>
    public void HangUp()
    {
        // Twice: the session takes the first as the wish to close, and the second as the answer to its own close.
        var closed = new ReceivedMessage(ReceivedKind.Closed, default, new CloseReason(CloseReason.Normal, "measured"));
        _requests.Writer.TryWrite(closed);
        _requests.Writer.TryWrite(closed);
    }

    public void Abort()
    {
    }

    public ValueTask DisposeAsync()
    {
        _answered.Dispose();
        return default;
    }

    private static Envelope Parse(ReadOnlyMemory<byte> message) =>
        Envelope.TryParse(message.Span, out Envelope envelope) ? envelope : throw new WrongValueException("A reply is no message.");

    private void Count(MessageType type)
    {
        if (type != _expected)
        {
            _unexpected = type;
        }

        if (--_missing == 0 || _unexpected is not null)
        {
            _answered.Set();
        }
    }
}
