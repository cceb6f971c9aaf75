using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsClient;

/// <summary>
/// One socket's life, from hello to its end. There is one door for its death, <see cref="Break"/>, and the first reason is
/// the one that is kept. What was in flight is the <see cref="RequestQueue"/>'s concern.
/// </summary>
internal sealed class ClientConnection
{
    // How long the server may take to read what is left for it and to answer a close.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly IMessageTransport _transport;
    private readonly RequestQueue _queue;
    private readonly Lock _gate = new();
    private readonly ITimer _closeTimer;
    private string? _endReason;

    private ClientConnection(IMessageTransport transport, RequestQueue queue, WsStorageClientOptions options)
    {
        _transport = transport;
        _queue = queue;
        _closeTimer = options.TimeProvider.CreateTimer(
            static state => ((ClientConnection)state!)._transport.Abort(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Outbox = new MessageOutbox(transport, MessageType.ClientPack, options.MaxWaitingBytes, exception => Break(exception.Message));
        InFlight = new InFlightTable(0);
        Bounds = SessionBounds.Unknown;
        ServerName = string.Empty;
    }

    /// <summary>What is sent. Servers take packs.</summary>
    public MessageOutbox Outbox { get; }

    /// <summary>What is unanswered. Guarded by the <see cref="RequestQueue"/>.</summary>
    public InFlightTable InFlight { get; private set; }

    /// <summary>What the server takes.</summary>
    public SessionBounds Bounds { get; private set; }

    /// <summary>What the server says it is.</summary>
    public string ServerName { get; private set; }

    /// <summary>Where the store stood when the connection was made.</summary>
    public Position Position { get; private set; }

    /// <summary>Whether one more request may be sent.</summary>
    public bool HasRoom => !InFlight.IsFull && !Outbox.IsFull;

    /// <summary>Whether somebody waits for the outbox to have room. Guarded by the <see cref="RequestQueue"/>.</summary>
    public bool IsAwaitingRoom { get; set; }

    /// <summary>Says hello over a new transport.</summary>
    /// <param name="transport">The transport, owned from here on.</param>
    /// <param name="queue">Gets the replies.</param>
    /// <param name="options">Bounds and times.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, ready to be used, and to be run.</returns>
    /// <exception cref="StorageException">The server refused, or said something else than it should.</exception>
    public static async ValueTask<ClientConnection> OpenAsync(
        IMessageTransport transport, RequestQueue queue, WsStorageClientOptions options, CancellationToken cancellationToken)
    {
        var connection = new ClientConnection(transport, queue, options);
        using CancellationTokenRegistration abort =
            cancellationToken.UnsafeRegister(static state => ((IMessageTransport)state!).Abort(), transport);
        try
        {
            await connection.SayHelloAsync(options).ConfigureAwait(false);
            return connection;
        }
        catch (Exception exception)
        {
            await connection._closeTimer.DisposeAsync().ConfigureAwait(false);
            await transport.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw exception is StorageException
                ? exception
                : new StorageException(
                    StorageErrorCode.ConnectFailed,
                    $"{options.Url} did not answer the hello: {exception.Message}",
                    WriteOutcome.NotApplied,
                    exception);
        }
    }

    /// <summary>Adds a request to what is sent. Guarded by the <see cref="RequestQueue"/>.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether <see cref="StartSending"/> has to be called.</returns>
    public bool Enqueue(PendingRequest request)
    {
        ulong id = InFlight.Add(request);
        request.Stage = RequestStage.InFlight;
        request.Connection = this;
        return Outbox.Enqueue(request.Type, request.Body, RequestId.FromNumber(id));
    }

    public void StartSending(bool alone) => Outbox.Start(alone);

    /// <summary>Takes replies until the connection ends. Never throws.</summary>
    /// <returns>Why it ended.</returns>
    public async Task<string> RunAsync()
    {
        try
        {
            while (true)
            {
                ReceivedMessage message = await _transport.ReceiveAsync().ConfigureAwait(false);
                _transport.ReleaseReceived();
                if (message.Kind != ReceivedKind.Message)
                {
                    await AnswerNoMessageAsync(message).ConfigureAwait(false);
                    break;
                }

                Take(message.Data);
                _queue.Pump();
            }
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.ProtocolError)
        {
            string reason = $"The server broke the protocol: {exception.Message}";
            KeepReason(reason);
            await CloseAsync(new CloseReason(CloseReason.ProtocolError, exception.Message)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            KeepReason(exception.Message);
        }

        Outbox.Stop();
        await _closeTimer.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        return KeepReason("The connection ended.");
    }

    /// <summary>Ends the connection at once.</summary>
    /// <param name="reason">Why; the first one is kept.</param>
    public void Break(string reason)
    {
        KeepReason(reason);
        _transport.Abort();
    }

    /// <summary>Says good-bye; the loop that receives ends when the server has answered, or has not for too long.</summary>
    /// <param name="reason">Why.</param>
    /// <returns>Completes when it has been said.</returns>
    public async Task CloseAsync(CloseReason reason)
    {
        KeepReason(reason.Text);
        _closeTimer.Change(CloseTimeout, Timeout.InfiniteTimeSpan);
        await Outbox.DrainAsync().ConfigureAwait(false);
        Outbox.Stop();
        await _transport.CloseAsync(reason).ConfigureAwait(false);
    }

    private async Task SayHelloAsync(WsStorageClientOptions options)
    {
        var id = RequestId.FromNumber(0);
        _transport.MaxMessageBytes = options.MaxMessageBytes;
        Outbox.PeerAcceptsPacks = true;
        Outbox.Post(
            new HelloMessage(ProtocolConstants.Version, acceptsPacks: true, options.Name, options.MaxMessageBytes), id, alone: true);
        ReceivedMessage message = await _transport.ReceiveAsync().ConfigureAwait(false);
        if (message.Kind == ReceivedKind.Closed)
        {
            throw new TransportException(message.CloseReason?.Text ?? string.Empty);
        }

        Welcome(message, id, options);
        _transport.ReleaseReceived();
    }

    private void Welcome(ReceivedMessage message, RequestId id, WsStorageClientOptions options)
    {
        if (message.Kind != ReceivedKind.Message
            || !Envelope.TryParse(message.Data.Span, out Envelope envelope)
            || envelope.Id != id
            || envelope.Type is not (MessageType.Welcome or MessageType.Error))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "The server did not answer the hello with a welcome.");
        }

        if (envelope.Type == MessageType.Error)
        {
            throw ErrorReply.Read(envelope.Body).ToException();
        }

        WelcomeMessage welcome = WelcomeMessage.Read(envelope.Body);
        Bounds = SessionBounds.From(welcome.Limits);
        ServerName = welcome.ServerName;
        Position = welcome.Position;
        InFlight = new InFlightTable(Math.Max(1, Math.Min(options.MaxRequestsInFlight, Bounds.MaxRequestsInFlight)));
    }

    private void Take(ReadOnlyMemory<byte> message)
    {
        if (!Envelope.TryParse(message.Span, out Envelope envelope))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A message has no trailer.");
        }

        if (envelope.Type != MessageType.ServerPack)
        {
            TakeReply(envelope);
            return;
        }

        foreach (ReadOnlyMemory<byte> packed in new PackReader(message[..envelope.Body.Length]))
        {
            if (!Envelope.TryParse(packed.Span, out Envelope inner))
            {
                throw new StorageException(StorageErrorCode.ProtocolError, "A message in a pack has no trailer.");
            }

            TakeReply(inner);
        }
    }

    private void TakeReply(Envelope envelope)
    {
        if (!envelope.Id.TryGetNumber(out ulong id))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A reply has an id that no request had.");
        }

        PendingRequest? request = _queue.TakeForReply(this, id, more: envelope.Type == MessageType.ScanPage);
        try
        {
            // A reply that comes after its request has ended, by a timeout or a cancellation, is dropped.
            request?.OnReply(envelope.Type, envelope.Body);
        }
        catch (Exception exception)
        {
            request!.OnFailure(new StorageException(
                (exception as StorageException)?.Code ?? StorageErrorCode.Internal,
                exception.Message,
                request.Type == MessageType.Write ? WriteOutcome.Unknown : WriteOutcome.NotApplied,
                exception));
            throw;
        }
    }

    private async Task AnswerNoMessageAsync(ReceivedMessage message)
    {
        switch (message.Kind)
        {
            case ReceivedKind.Closed:
                KeepReason($"The server closed the connection ({message.CloseReason?.Code}): {message.CloseReason?.Text}");
                await CloseAsync(new CloseReason(CloseReason.Normal, "Good-bye.")).ConfigureAwait(false);
                break;
            case ReceivedKind.Text:
                await CloseAsync(new CloseReason(CloseReason.UnsupportedData, "The server sent a text message.")).ConfigureAwait(false);
                break;
            default:
                await CloseAsync(new CloseReason(
                    CloseReason.MessageTooBig, $"The server sent a message of more than {_transport.MaxMessageBytes} bytes."))
                    .ConfigureAwait(false);
                break;
        }
    }

    private string KeepReason(string reason)
    {
        lock (_gate)
        {
            return _endReason ??= reason;
        }
    }
}
