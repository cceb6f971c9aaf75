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
    // What is taken without a pause is executed after this much: a client that never pauses would otherwise fill the memory.
    private const int MaxChunkBytes = 64 * 1024;

    private readonly IMessageTransport _transport;
    private readonly SessionContext _context;
    private readonly MessageOutbox _outbox;
    private readonly SessionExit _exit;
    private readonly SlowReaderGuard _slowReader;
    private readonly SessionLoad _load;
    private readonly SessionStreams _streams;
    private readonly RequestDispatcher _dispatcher;
    private readonly Lock _dispatching = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastRequest;
    private bool _superseded;

    public Session(IMessageTransport transport, SessionContext context)
    {
        _transport = transport;
        _context = context;
        _outbox = new MessageOutbox(transport, MessageType.ServerPack, context.Options.MaxQueuedBytes, exception => _exit!.CutOff(exception.Message));
        _exit = new SessionExit(transport, _outbox, context.TimeProvider, () => _streams!.EndWatches(), OnTimer);
        _slowReader = new SlowReaderGuard(_outbox, context, _exit.CutOff);
        _load = new SessionLoad(context.Options.MaxBytesInFlight);
        _streams = new SessionStreams(_outbox, _slowReader, context, _load);
        _dispatcher = new RequestDispatcher(_outbox, _slowReader, context, _load, _streams, OnDefect);
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
            _exit.Note(exception.Message);
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

            // Or they would go on filling the outbox that is to be emptied.
            _streams.EndWatches();
            await _outbox.DrainAsync().WaitAsync(timeout.Token).ConfigureAwait(false);
            await _exit.CloseAsync(reason).ConfigureAwait(false);

            // The client answers the close, which ends the loop that receives.
            await Ended.WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _exit.CutOff($"It did not finish within the drain timeout of {_context.Options.DrainTimeout}.");
            await Ended.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends the session, because a newer connection of the same client has taken it over. When this returns, nothing more of what
    /// the client said here is executed; the close itself is not waited for, because the client may be long gone.
    /// </summary>
    public void Supersede()
    {
        lock (_dispatching)
        {
            _superseded = true;
        }

        _ = _exit.CloseAsync(new CloseReason(CloseReason.Superseded, "superseded by a newer connection of the same client"));
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
            await _exit.CloseAsync(new CloseReason(CloseReason.ProtocolError, exception.Message)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not TransportException)
        {
            await FailAsync(exception).ConfigureAwait(false);
        }
    }

    private Task FailAsync(Exception exception)
    {
        Log.SessionFailed(_context.Logger, _context.Number, exception);
        return _exit.CloseAsync(new CloseReason(CloseReason.InternalError, "The server failed unexpectedly; its log says more."));
    }

    private void OnDefect(Exception exception) => _ = FailAsync(exception);

    private async Task<bool> WelcomeAsync()
    {
        _transport.MaxMessageBytes = ProtocolConstants.MaxHelloBytes;
        _exit.SetTimer(_context.Options.HelloTimeout);
        ReceivedMessage message = await _transport.ReceiveAsync().ConfigureAwait(false);
        _exit.SetTimer(Timeout.InfiniteTimeSpan);
        if (message.Kind != ReceivedKind.Message)
        {
            await AnswerNoMessageAsync(message).ConfigureAwait(false);
            return false;
        }

        Greeting greeting = Greeting.Read(message.Data.Span);
        if (greeting.Refusal is { } refusal)
        {
            Log.BrokeProtocol(_context.Logger, _context.Number, _context.Client.Name, refusal.Message);
            _outbox.Post(ErrorReply.From(refusal), greeting.Id);
            await _outbox.DrainAsync().ConfigureAwait(false);
            await _exit.CloseAsync(new CloseReason(CloseReason.ProtocolError, refusal.Message)).ConfigureAwait(false);
            return false;
        }

        StorageInfo info = await _context.Storage.GetInfoAsync().ConfigureAwait(false);
        if (_exit.IsClosing)
        {
            // It came too late. A newer connection of the client must not be superseded by this one.
            return false;
        }

        HelloMessage hello = greeting.Hello;
        _context.StorageLimits = info.Limits;
        _context.SessionKey = hello.ClientId is { } clientId ? SessionKey.Derive(_context.Client, clientId) : null;
        if (_context.SessionKey is { } key)
        {
            _context.Served.Claims.Claim(key, this);
        }

        SessionLimits limits = _context.SessionLimits;
        _context.PeerMaxMessageBytes = hello.MaxMessageBytes;
        _transport.MaxMessageBytes = limits.MaxMessageBytes;
        _outbox.PeerAcceptsPacks = hello.AcceptsPacks;
        _outbox.PeerAcceptsRepeats = hello.AcceptsPacks && hello.AcceptsRepeats;
        _outbox.Post(new WelcomeMessage(SessionContext.ServerName, limits, info.Position, _context.SessionFacts), greeting.Id);
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
                message = ExecuteLast() is { } reads
                    ? await new ReceiveBeside(receive, reads)
                    : await receive.ConfigureAwait(false);
                chunkBytes = 0;
            }

            if (message.Kind != ReceivedKind.Message)
            {
                await FinishAsync().ConfigureAwait(false);
                await AnswerNoMessageAsync(message).ConfigureAwait(false);
                return;
            }

            _lastRequest = _context.TimeProvider.GetTimestamp();
            if (!TryDispatch(message.Data))
            {
                return;
            }

            chunkBytes += message.Data.Length;
            if (chunkBytes >= MaxChunkBytes || _dispatcher.IsFull || _outbox.IsFull || _load.IsFull)
            {
                Execute();
                chunkBytes = 0;
                await _load.WaitForRoomAsync().ConfigureAwait(false);
                await _slowReader.WaitForRoomAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes a message, unless the session is superseded.</summary>
    private bool TryDispatch(ReadOnlyMemory<byte> message)
    {
        lock (_dispatching)
        {
            if (!_superseded)
            {
                _dispatcher.Dispatch(message);
            }

            return !_superseded;
        }
    }

    private void Execute()
    {
        lock (_dispatching)
        {
            if (!_superseded)
            {
                _dispatcher.Execute();
            }
        }
    }

    private IThreadPoolWorkItem? ExecuteLast()
    {
        lock (_dispatching)
        {
            return _superseded ? null : _dispatcher.ExecuteLast();
        }
    }

    private Task FinishAsync()
    {
        lock (_dispatching)
        {
            return _superseded ? Task.CompletedTask : _dispatcher.FinishAsync();
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
                _exit.Note($"The client closed ({message.CloseReason?.Code}): {message.CloseReason?.Text}");
                reason = new CloseReason(CloseReason.Normal, "Good-bye.");
                break;
        }

        await _exit.CloseAsync(reason).ConfigureAwait(false);
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
        }
        while (message.Kind != ReceivedKind.Closed);
    }

    private async Task EndAsync()
    {
        if (_context.SessionKey is { } key)
        {
            _context.Served.Claims.Release(key, this);
        }

        Task watches = _streams.EndAsync();
        _dispatcher.End();
        _outbox.Stop();
        await _exit.StopTimerAsync().ConfigureAwait(false);
        await watches.ConfigureAwait(false);
        await _load.WaitForIdleAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        Log.Ended(_context.Logger, _context.Number, _exit.Reason);
        _ended.TrySetResult();
    }

    private void RestartIdleTimer()
    {
        if (_context.Options.IdleTimeout != Timeout.InfiniteTimeSpan)
        {
            _exit.SetTimer(_context.Options.IdleTimeout);
        }
    }

    private void OnTimer()
    {
        if (_context.PeerMaxMessageBytes == 0)
        {
            _ = _exit.CloseAsync(new CloseReason(
                CloseReason.PolicyViolation, $"No hello was said within {_context.Options.HelloTimeout}."));
        }
        else if (_load.InFlight > 0 || _streams.HasWatches || _context.TimeProvider.GetElapsedTime(_lastRequest) < _context.Options.IdleTimeout)
        {
            RestartIdleTimer();
        }
        else
        {
            _ = _exit.CloseAsync(new CloseReason(CloseReason.Normal, $"The connection was idle for {_context.Options.IdleTimeout}."));
        }
    }
}
