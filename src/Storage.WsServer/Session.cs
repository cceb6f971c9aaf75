using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsServer;

/// <summary>
/// One client's connection, from hello to close. Knows a transport and a storage, and neither sockets nor engines, so it can
/// be tested and measured without either.
/// </summary>
internal sealed class Session
{
    // What is taken without a pause is executed, and its memory given back, after this much: a client that never pauses
    // would otherwise fill the memory.
    private const int MaxChunkBytes = 64 * 1024;

    private readonly IMessageTransport _transport;
    private readonly IStorage _storage;
    private readonly SessionContext _context;
    private readonly MessageOutbox _outbox;
    private readonly SlowReaderGuard _slowReader;
    private readonly SessionLoad _load;
    private readonly RequestDispatcher _dispatcher;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private string? _endReason;
    private Task? _closing;
    private long _lastRequest;

    public Session(IMessageTransport transport, IStorage storage, SessionContext context)
    {
        _transport = transport;
        _storage = storage;
        _context = context;
        _outbox = new MessageOutbox(transport, MessageType.ServerPack, context.Options.MaxQueuedBytes, exception => CutOff(exception.Message));
        _slowReader = new SlowReaderGuard(_outbox, context, CutOff);
        _load = new SessionLoad(context.Options.MaxBytesInFlight);
        _dispatcher = new RequestDispatcher(storage, _outbox, _slowReader, context, _load);
        _timer = context.TimeProvider.CreateTimer(
            static state => ((Session)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Completes when the session is over and holds nothing any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Serves the client until one of the two has had enough. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ServeOrRefuseAsync().ConfigureAwait(false);
            await LingerAsync().ConfigureAwait(false);
        }
        catch (TransportException exception)
        {
            _endReason ??= exception.Message;
        }
        finally
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Finishes what is in flight, then closes. The client gets the drain timeout; the storage, whose memory is in use until it
    /// answers, is waited for.
    /// </summary>
    public async Task DrainAsync()
    {
        var reason = new CloseReason(CloseReason.GoingAway, "The server is shutting down.");
        try
        {
            using var timeout = new CancellationTokenSource(_context.Options.DrainTimeout, _context.TimeProvider);
            await _load.DrainAsync().WaitAsync(timeout.Token).ConfigureAwait(false);
            await _outbox.DrainAsync().WaitAsync(timeout.Token).ConfigureAwait(false);
            await CloseAsync(reason).ConfigureAwait(false);

            // The client answers the close, which ends the loop that receives.
            await Ended.WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _endReason ??= $"It did not finish within the drain timeout of {_context.Options.DrainTimeout}.";
            _transport.Abort();
            await Ended.ConfigureAwait(false);
        }
    }

    private async Task ServeOrRefuseAsync()
    {
        try
        {
            if (await WelcomeAsync().ConfigureAwait(false))
            {
                await ServeAsync().ConfigureAwait(false);
            }
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.ProtocolError)
        {
            Log.BrokeProtocol(_context.Logger, _context.Number, _context.Client.Name, exception.Message);
            await CloseAsync(new CloseReason(CloseReason.ProtocolError, exception.Message)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not TransportException)
        {
            Log.SessionFailed(_context.Logger, _context.Number, exception);
            await CloseAsync(new CloseReason(CloseReason.InternalError, "The server failed unexpectedly; its log says more."))
                .ConfigureAwait(false);
        }
    }

    private async Task<bool> WelcomeAsync()
    {
        _transport.MaxMessageBytes = ProtocolConstants.MaxHelloBytes;
        SetTimer(_context.Options.HelloTimeout);
        ReceivedMessage message = await _transport.ReceiveAsync().ConfigureAwait(false);
        SetTimer(Timeout.InfiniteTimeSpan);
        if (message.Kind != ReceivedKind.Message)
        {
            await AnswerNoMessageAsync(message).ConfigureAwait(false);
            return false;
        }

        if (!Envelope.TryParse(message.Data.Span, out Envelope envelope)
            || envelope.Type != MessageType.Hello || envelope.Id == RequestId.None)
        {
            throw new StorageException(StorageErrorCode.ProtocolError, "The first message of a client is a hello with an id.");
        }

        RequestId id = envelope.Id;
        HelloMessage hello;
        try
        {
            hello = HelloMessage.Read(envelope.Body);
            if (hello.MaxMessageBytes < ProtocolConstants.MaxHelloBytes)
            {
                throw new StorageException(
                    StorageErrorCode.ProtocolError,
                    $"The client takes messages of {hello.MaxMessageBytes} bytes; it must take {ProtocolConstants.MaxHelloBytes} at least.");
            }
        }
        catch (StorageException exception) when (exception.Code == StorageErrorCode.UnsupportedVersion)
        {
            Log.BrokeProtocol(_context.Logger, _context.Number, _context.Client.Name, exception.Message);
            _outbox.Post(ErrorReply.From(exception), id);
            await _outbox.DrainAsync().ConfigureAwait(false);
            await CloseAsync(new CloseReason(CloseReason.ProtocolError, exception.Message)).ConfigureAwait(false);
            return false;
        }

        StorageInfo info = await _storage.GetInfoAsync().ConfigureAwait(false);
        SessionLimits limits = _context.SessionLimits;
        _context.PeerMaxMessageBytes = hello.MaxMessageBytes;
        _transport.MaxMessageBytes = limits.MaxMessageBytes;
        _outbox.PeerAcceptsPacks = hello.AcceptsPacks;
        _outbox.Post(new WelcomeMessage(SessionContext.ServerName, limits, info.Position), id);
        Log.Connected(_context.Logger, _context.Number, _context.Client.Name, hello.ClientName);
        return true;
    }

    private async Task ServeAsync()
    {
        RestartIdleTimer();
        long chunkBytes = 0;
        while (true)
        {
            ValueTask<ReceivedMessage> receive = _transport.ReceiveAsync();
            ReceivedMessage message;
            if (receive.IsCompleted)
            {
                message = await receive.ConfigureAwait(false);
            }
            else
            {
                // Nothing more has arrived: answer what has, while the next is under way.
                _dispatcher.Execute();
                message = await receive.ConfigureAwait(false);
                _transport.ReleaseReceived();
                chunkBytes = 0;
            }

            if (message.Kind != ReceivedKind.Message)
            {
                _dispatcher.Execute();
                await AnswerNoMessageAsync(message).ConfigureAwait(false);
                return;
            }

            _lastRequest = _context.TimeProvider.GetTimestamp();
            _dispatcher.Dispatch(message.Data);
            chunkBytes += message.Data.Length;
            if (chunkBytes >= MaxChunkBytes || _dispatcher.IsFull || _outbox.IsFull || _load.IsFull)
            {
                _dispatcher.Execute();
                _transport.ReleaseReceived();
                chunkBytes = 0;
                await _load.WaitForRoomAsync().ConfigureAwait(false);
                await _slowReader.WaitForRoomAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task AnswerNoMessageAsync(ReceivedMessage message)
    {
        CloseReason reason;
        switch (message.Kind)
        {
            case ReceivedKind.Text:
                reason = new CloseReason(CloseReason.UnsupportedData, "Text messages are not spoken here; send binary messages.");
                Log.BrokeProtocol(_context.Logger, _context.Number, _context.Client.Name, reason.Text);
                break;
            case ReceivedKind.TooLarge:
                reason = new CloseReason(
                    CloseReason.MessageTooBig, $"A message is larger than the {_transport.MaxMessageBytes} bytes that the server takes.");
                Log.BrokeProtocol(_context.Logger, _context.Number, _context.Client.Name, reason.Text);
                break;
            default:
                _endReason ??= $"The client closed ({message.CloseReason?.Code}): {message.CloseReason?.Text}";
                reason = new CloseReason(CloseReason.Normal, "Good-bye.");
                break;
        }

        await CloseAsync(reason).ConfigureAwait(false);
    }

    /// <summary>The one door: says what waits to be said, then why nothing more will be. The first reason counts.</summary>
    private Task CloseAsync(CloseReason reason)
    {
        lock (_ended)
        {
            return _closing ??= CloseCoreAsync(reason);
        }
    }

    private async Task CloseCoreAsync(CloseReason reason)
    {
        _endReason ??= reason.Text;
        _timer.Change(SessionContext.CloseTimeout, Timeout.InfiniteTimeSpan);
        await _outbox.DrainAsync().ConfigureAwait(false);
        _outbox.Stop();
        await _transport.CloseAsync(reason).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for the client to hang up, whatever it still says, so that it can read why: to end a connection with something
    /// unread in it would take the reason away. The timer of the close bounds it.
    /// </summary>
    private async Task LingerAsync()
    {
        ReceivedMessage message;
        do
        {
            message = await _transport.ReceiveAsync().ConfigureAwait(false);
            _transport.ReleaseReceived();
        }
        while (message.Kind != ReceivedKind.Closed);
    }

    private async Task EndAsync()
    {
        _dispatcher.CancelScans();
        _outbox.Stop();
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _load.WaitForIdleAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        Log.Ended(_context.Logger, _context.Number, _endReason ?? "The connection ended.");
        _ended.TrySetResult();
    }

    private void CutOff(string reason)
    {
        _endReason ??= reason;
        _transport.Abort();
    }

    private void RestartIdleTimer()
    {
        if (_context.Options.IdleTimeout != Timeout.InfiniteTimeSpan)
        {
            SetTimer(_context.Options.IdleTimeout);
        }
    }

    /// <summary>Sets the timer, unless it bounds the close already.</summary>
    private void SetTimer(TimeSpan dueTime)
    {
        lock (_ended)
        {
            if (_closing is null)
            {
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void OnTimer()
    {
        if (_closing is not null)
        {
            _transport.Abort();
        }
        else if (_context.PeerMaxMessageBytes == 0)
        {
            _ = CloseAsync(new CloseReason(
                CloseReason.PolicyViolation, $"No hello was said within {_context.Options.HelloTimeout}."));
        }
        else if (_load.InFlight > 0 || _context.TimeProvider.GetElapsedTime(_lastRequest) < _context.Options.IdleTimeout)
        {
            RestartIdleTimer();
        }
        else
        {
            _ = CloseAsync(new CloseReason(CloseReason.Normal, $"The connection was idle for {_context.Options.IdleTimeout}."));
        }
    }
}
