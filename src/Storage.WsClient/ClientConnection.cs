using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;
using WsStorage.WsClient.Watches;

namespace WsStorage.WsClient;

/// <summary>
/// One socket's life, from hello to its end. There is one door for its death, <see cref="Break"/>, and the first reason is
/// the one that is kept. What was in flight is the concern of the <see cref="RequestQueue"/> and the
/// <see cref="WatchRegistry"/>.
/// </summary>
internal sealed class ClientConnection
{
    // How long the server may take to read what is left for it and to answer a close.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly IMessageTransport _transport;
    private readonly RequestQueue _queue;
    private readonly WatchRegistry _watches;
    private readonly WsStorageClientOptions _options;
    private readonly Lock _gate = new();
    private readonly Callers _callers;
    private readonly ITimer _closeTimer;
    private string? _endReason;
    private int? _closeCode;
    private long? _pausedUntil;

    private ClientConnection(
        IMessageTransport transport, Uri url, RequestQueue queue, WatchRegistry watches, WsStorageClientOptions options)
    {
        Url = url;
        _transport = transport;
        _queue = queue;
        _watches = watches;
        _options = options;
        _closeTimer = options.TimeProvider.CreateTimer(
            static state => ((ClientConnection)state!)._transport.Abort(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Outbox = new MessageOutbox(transport, MessageType.ClientPack, options.MaxWaitingBytes, exception => Break(exception.Message));
        _callers = new Callers(Outbox, options.TimeProvider);
        InFlight = new InFlightTable(0);
        Bounds = SessionBounds.Unknown;
        ServerName = string.Empty;
    }

    /// <summary>Where it leads.</summary>
    public Uri Url { get; }

    /// <summary>What is sent. Servers take packs.</summary>
    public MessageOutbox Outbox { get; }

    /// <summary>What is unanswered. Guarded by the <see cref="RequestQueue"/>.</summary>
    public InFlightTable InFlight { get; private set; }

    /// <summary>The watches that are open. Guarded by the <see cref="WatchRegistry"/>.</summary>
    public WatchTable Watches { get; } = new();

    /// <summary>The watches that the message at hand tells something. Belongs to the loop that receives.</summary>
    public ToldWatches Told { get; } = new();

    /// <summary>The batches that it tells them of. Belongs to the loop that receives.</summary>
    public PackedBatches Batches { get; } = new();

    /// <summary>What the server takes.</summary>
    public SessionBounds Bounds { get; private set; }

    /// <summary>What the server says it is.</summary>
    public string ServerName { get; private set; }

    /// <summary>Where the store stood when the connection was made.</summary>
    public Position Position { get; private set; }

    /// <summary>What the server knows of the client's session.</summary>
    public SessionFacts Session { get; private set; }

    /// <summary>
    /// Whether the server has said anything after its welcome, and the end, if it has ended, was not because one broke the
    /// protocol or failed: the next connection might end in the same way.
    /// </summary>
    public bool WasOfUse { get; private set; }

    /// <summary>Whether the server takes one more request. Guarded by the <see cref="RequestQueue"/>.</summary>
    public bool MayTakeMore => !InFlight.IsFull && _pausedUntil is null;

    /// <summary>Whether one more request may be sent at once. Guarded by the <see cref="RequestQueue"/>.</summary>
    public bool HasRoom => MayTakeMore && !Outbox.IsFull;

    /// <summary>Whether somebody waits for the outbox to have room. Guarded by the <see cref="RequestQueue"/>.</summary>
    public bool IsAwaitingRoom { get; set; }

    /// <summary>Says hello over a new transport.</summary>
    /// <param name="transport">The transport, owned from here on.</param>
    /// <param name="url">Where it leads.</param>
    /// <param name="clientId">Which client this is.</param>
    /// <param name="queue">Gets the replies.</param>
    /// <param name="watches">Gets what is told to watches.</param>
    /// <param name="options">Bounds and times.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, ready to be used, and to be run.</returns>
    /// <exception cref="StorageException">The server refused, or said something else than it should.</exception>
    public static async ValueTask<ClientConnection> OpenAsync(
        IMessageTransport transport,
        Uri url,
        Guid clientId,
        RequestQueue queue,
        WatchRegistry watches,
        WsStorageClientOptions options,
        CancellationToken cancellationToken)
    {
        var connection = new ClientConnection(transport, url, queue, watches, options);
        using CancellationTokenRegistration abort =
            cancellationToken.UnsafeRegister(static state => ((IMessageTransport)state!).Abort(), transport);
        try
        {
            await connection.SayHelloAsync(clientId).ConfigureAwait(false);
            return connection;
        }
        catch (Exception exception)
        {
            await connection._callers.EndAsync().ConfigureAwait(false);
            await connection._closeTimer.DisposeAsync().ConfigureAwait(false);
            await transport.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw exception is StorageException
                ? exception
                : new StorageException(
                    StorageErrorCode.ConnectFailed,
                    $"{url} did not answer the hello: {exception.Message}",
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

    /// <summary>Adds a message to what is sent, for a caller that holds a lock.</summary>
    /// <typeparam name="TMessage">The message's type.</typeparam>
    /// <param name="message">The message; copied.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether <see cref="StartSending"/> has to be called.</returns>
    public bool Enqueue<TMessage>(in TMessage message, ulong id)
        where TMessage : IMessage, allows ref struct => Outbox.Enqueue(message, RequestId.FromNumber(id));

    public void StartSending(bool alone) => Outbox.Start(alone);

    /// <summary>Sees to it that a request is sent that was added.</summary>
    /// <param name="start">What <see cref="Enqueue(PendingRequest)"/> said.</param>
    /// <param name="alone">Whether it is the only one that is unanswered.</param>
    /// <param name="now">A timestamp of the clock.</param>
    public void Send(bool start, bool alone, long now) => _callers.Send(start, alone, now);

    /// <summary>
    /// Sends no request for a while: the server is stopping, or its store is. Guarded by the <see cref="RequestQueue"/>.
    /// </summary>
    public void Pause() => _pausedUntil = _options.TimeProvider.GetTimestamp()
        + (long)(_options.ReconnectMaxDelay.TotalSeconds * _options.TimeProvider.TimestampFrequency);

    /// <summary>Ends a pause that has been long enough. Guarded by the <see cref="RequestQueue"/>.</summary>
    /// <param name="now">A timestamp of the clock.</param>
    public void EndPause(long now)
    {
        if (_pausedUntil <= now)
        {
            _pausedUntil = null;
        }
    }

    /// <summary>Takes replies until the connection ends. Never throws.</summary>
    /// <returns>Why it ended, and the code with which the server closed it, if it did.</returns>
    public async Task<(string Reason, int? CloseCode)> RunAsync()
    {
        try
        {
            await AnswerNoMessageAsync(await TakeMessagesAsync().ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.ProtocolError)
        {
            string reason = $"The server broke the protocol: {exception.Message}";
            KeepReason(reason);
            WasOfUse = false;
            await CloseAsync(new CloseReason(CloseReason.ProtocolError, exception.Message)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            KeepReason(exception.Message);
        }

        Outbox.Stop();
        await _closeTimer.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        return (KeepReason("The connection ended."), _closeCode);
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

    private async Task SayHelloAsync(Guid clientId)
    {
        var id = RequestId.FromNumber(0);
        _transport.MaxMessageBytes = _options.MaxMessageBytes;
        Outbox.PeerAcceptsPacks = true;
        var hello = new HelloMessage(
            ProtocolConstants.Version, acceptsPacks: true, _options.Name, _options.MaxMessageBytes, clientId, acceptsRepeats: true);
        Outbox.Post(hello, id, alone: true);
        ReceivedMessage message = await _transport.ReceiveAsync().ConfigureAwait(false);
        if (message.Kind == ReceivedKind.Closed)
        {
            throw new TransportException(message.CloseReason?.Text ?? string.Empty);
        }

        Welcome(message, id);
    }

    private void Welcome(ReceivedMessage message, RequestId id)
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
        Session = welcome.Session;
        InFlight = new InFlightTable(Math.Max(1, Math.Min(_options.MaxRequestsInFlight, Bounds.MaxRequestsInFlight)));
    }

    /// <summary>Takes messages as long as they are any, and lets the callers go on whose replies they hold.</summary>
    /// <returns>What has come in the place of a message.</returns>
    private async Task<ReceivedMessage> TakeMessagesAsync()
    {
        try
        {
            while (true)
            {
                ValueTask<ReceivedMessage> receive = _transport.ReceiveAsync();
                ReceivedMessage message = _callers.Take(isLast: !receive.IsCompleted) is { } answered
                    ? await new ReceiveBeside(receive, answered)
                    : await receive.ConfigureAwait(false);
                if (message.Kind != ReceivedKind.Message)
                {
                    return message;
                }

                try
                {
                    Take(message.Data);
                }
                finally
                {
                    Batches.End();
                    Told.Wake();
                }

                _queue.Pump();
            }
        }
        finally
        {
            // Before good-byes are said: they have been answered, and need not wait for the end of the connection.
            await _callers.EndAsync().ConfigureAwait(false);
        }
    }

    private void Take(ReadOnlyMemory<byte> message)
    {
        if (!Envelope.TryParse(message.Span, out Envelope envelope))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A message has no trailer.");
        }

        Batches.Begin(message.Length);
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
            Batches.MoveNext();
        }
    }

    private void TakeReply(Envelope envelope)
    {
        if (!envelope.Id.TryGetNumber(out ulong id))
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "A reply has an id that no request had.");
        }

        WasOfUse = true;
        if (WatchTable.IsWatch(id))
        {
            _watches.Take(this, id, envelope.Type, envelope.Body);
            return;
        }

        if (envelope.Type == MessageType.Error && IsPostponement(envelope.Body) && _queue.TryPostpone(this, id))
        {
            return;
        }

        PendingRequest? request = _queue.TakeForReply(this, id, envelope.Type);
        try
        {
            // A reply that comes after its request has ended, by a timeout or a cancellation, is dropped.
            if (request?.OnReply(envelope.Type, envelope.Body) == true)
            {
                _callers.Gather(request);
            }
        }
        catch (Exception exception)
        {
            request!.OnFailure(new StorageException(
                (exception as StorageException)?.Code ?? StorageErrorCode.Internal,
                exception.Message,
                request is PendingWrite ? WriteOutcome.Unknown : WriteOutcome.NotApplied,
                exception));
            throw;
        }
    }

    // The server is stopping, and has done nothing: the next one can be asked instead.
    private static bool IsPostponement(ReadOnlySpan<byte> error) =>
        ErrorReply.Read(error) is { Code: StorageErrorCode.ShuttingDown, Outcome: WriteOutcome.NotApplied };

    private async Task AnswerNoMessageAsync(ReceivedMessage message)
    {
        switch (message.Kind)
        {
            case ReceivedKind.Closed:
                _closeCode = message.CloseReason?.Code;
                WasOfUse &= _closeCode is not (CloseReason.ProtocolError or CloseReason.UnsupportedData or CloseReason.PolicyViolation
                    or CloseReason.MessageTooBig or CloseReason.InternalError);
                KeepReason($"The server closed the connection ({message.CloseReason?.Code}): {message.CloseReason?.Text}");
                await CloseAsync(new CloseReason(CloseReason.Normal, "Good-bye.")).ConfigureAwait(false);
                break;
            case ReceivedKind.Text:
                WasOfUse = false;
                await CloseAsync(new CloseReason(CloseReason.UnsupportedData, "The server sent a text message.")).ConfigureAwait(false);
                break;
            default:
                WasOfUse = false;
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
