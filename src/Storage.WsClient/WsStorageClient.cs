using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsClient;

/// <summary>
/// A storage that lies behind a secure WebSocket. Any number of operations may be outstanding; all share one connection,
/// which is made by the first operation and made anew by the first after a loss. What was in flight when a connection is lost
/// fails with <see cref="StorageErrorCode.ConnectionLost"/>, and for a write says that it may have been applied.
/// </summary>
/// <remarks>Writes are applied in the order of their calls, as long as the connection lasts. Thread-safe.</remarks>
public sealed class WsStorageClient : IStorage
{
    private readonly WsStorageClientOptions _options;
    private readonly Func<CancellationToken, ValueTask<IMessageTransport>> _connector;
    private readonly ILogger _logger;
    private readonly RequestQueue _queue;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly ITimer _timer;
    private readonly Queue<ConnectionStateChangedEventArgs> _changes = new();
    private ConnectionState _state;
    private ClientConnection? _connection;
    private Task<StorageException?>? _connecting;
    private Task _running = Task.CompletedTask;
    private Task? _disposal;
    private bool _raising;

    /// <summary>Makes a client that connects when it is first used.</summary>
    /// <param name="options">Where the store is and how to reach it.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: an option makes no sense.</exception>
    public WsStorageClient(WsStorageClientOptions options)
        : this(options, cancellationToken => WebSocketConnector.ConnectAsync(options, cancellationToken))
    {
    }

    internal WsStorageClient(
        WsStorageClientOptions options, Func<CancellationToken, ValueTask<IMessageTransport>> connector)
    {
        options.Validate();
        _options = options;
        _connector = connector;
        _logger = options.LoggerFactory.CreateLogger<WsStorageClient>();
        _queue = new RequestQueue(options, () => _ = EnsureConnectedAsync());

        // One timer for all requests: an operation may end this much after its time.
        TimeSpan granularity = TimeSpan.FromMilliseconds(Math.Clamp(options.OperationTimeout.TotalMilliseconds / 8, 10, 1000));
        _timer = options.TimeProvider.CreateTimer(
            static state => ((RequestQueue)state!).EndExpired(), _queue, granularity, granularity);
    }

    /// <summary>
    /// Raised on every change of <see cref="State"/>, one after the other and in order. A handler that blocks delays those
    /// that come after it; one that throws is logged.
    /// </summary>
    public event EventHandler<ConnectionStateChangedEventArgs>? StateChanged;

    /// <summary>How the client stands with its server.</summary>
    public ConnectionState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>Makes a client and its connection.</summary>
    /// <param name="options">Where the store is and how to reach it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client, connected.</returns>
    /// <exception cref="StorageException">The connection could not be made; the message says why.</exception>
    public static async ValueTask<WsStorageClient> ConnectAsync(
        WsStorageClientOptions options, CancellationToken cancellationToken = default)
    {
        var client = new WsStorageClient(options);
        try
        {
            await client.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the connection, if there is none. No operation needs this: each connects by itself.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when there is a connection.</returns>
    /// <exception cref="StorageException">The connection could not be made; the message says why.</exception>
    public async ValueTask ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (await EnsureConnectedAsync().WaitAsync(cancellationToken).ConfigureAwait(false) is { } reason)
        {
            throw new StorageException(reason.Code, reason.Message, reason.Outcome, reason);
        }
    }

    /// <inheritdoc/>
    public ValueTask<StorageInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<StorageInfo>(cancellationToken);
        }

        return new PendingInfo().Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        StorageLimits.CheckKey(key.Span);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetResult>(cancellationToken);
        }

        PendingGet request = _queue.Pool.Gets.Rent();
        request.Encode(new GetRequest(key.Span));
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<GetManyResult> GetManyAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            StorageLimits.CheckKey(keys[i].Span);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<GetManyResult>(cancellationToken);
        }

        PendingGetMany request = _queue.Pool.GetManys.Rent();
        request.KeyCount = keys.Count;
        request.Encode(new GetManyRequest(keys));
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<WriteResult> WriteAsync(WriteBatch batch, CancellationToken cancellationToken = default)
    {
        _queue.Bounds.Limits?.Check(batch);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<WriteResult>(cancellationToken);
        }

        PendingWrite request = _queue.Pool.Writes.Rent();
        request.Encode(new WriteRequest(batch));
        return request.Start(_queue, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ScanPage> ScanPagesAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        return RemoteScan.ReadAsync(_queue, _options, options, cancellationToken);
    }

    /// <summary>Closes the connection. What is outstanding fails with <see cref="StorageErrorCode.Closed"/>.</summary>
    /// <returns>Completes when nothing is left.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposal is null)
            {
                ChangeState(ConnectionState.Closed, null);
                _disposal = DisposeCoreAsync(_connecting ?? Task.CompletedTask);
            }

            return new ValueTask(_disposal);
        }
    }

    private async Task DisposeCoreAsync(Task connecting)
    {
        // The rest runs without the lock of its caller.
        await Task.Yield();
        _queue.Close();
        RaiseStateChanges();
        await _disposing.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        await connecting.ConfigureAwait(false);
        await CloseConnectionAsync().ConfigureAwait(false);
        _disposing.Dispose();
    }

    private async Task CloseConnectionAsync()
    {
        ClientConnection? connection;
        Task running;
        lock (_gate)
        {
            connection = _connection;
            running = _running;
        }

        if (connection is not null)
        {
            await connection.CloseAsync(new CloseReason(CloseReason.Normal, "The client has been disposed.")).ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }
    }

    private Task<StorageException?> EnsureConnectedAsync()
    {
        lock (_gate)
        {
            switch (_state)
            {
                case ConnectionState.Closed:
                    return Task.FromResult<StorageException?>(new StorageException(StorageErrorCode.Closed, "The client has been disposed."));
                case ConnectionState.Connected:
                    return Task.FromResult<StorageException?>(null);
                default:
                    ChangeState(ConnectionState.Connecting, null);
                    return _connecting ??= Task.Run(ConnectOnceAsync);
            }
        }
    }

    /// <summary>Tries once to connect. Never throws.</summary>
    /// <returns>Why it failed, or none.</returns>
    private async Task<StorageException?> ConnectOnceAsync()
    {
        RaiseStateChanges();
        StorageException? failure = null;
        try
        {
            using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _options.TimeProvider);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _disposing.Token);
            try
            {
                await OpenAsync(ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception)
            {
                failure = new StorageException(
                    timeout.IsCancellationRequested ? StorageErrorCode.ConnectFailed : StorageErrorCode.Closed,
                    timeout.IsCancellationRequested
                        ? $"{_options.Url} could not be reached within {_options.ConnectTimeout}."
                        : "The client has been disposed.",
                    WriteOutcome.NotApplied,
                    exception);
            }
        }
        catch (Exception exception)
        {
            failure = exception as StorageException ?? new StorageException(
                StorageErrorCode.ConnectFailed, $"{_options.Url} could not be reached: {exception.Message}", WriteOutcome.NotApplied, exception);
        }

        if (failure is not null)
        {
            Log.NotConnected(_logger, _options.Url, failure.Message);
            lock (_gate)
            {
                _connecting = null;
                ChangeState(ConnectionState.Disconnected, failure);
            }

            _queue.FailWaiting(failure);
        }

        RaiseStateChanges();
        return failure;
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        IMessageTransport transport = await _connector(cancellationToken).ConfigureAwait(false);
        ClientConnection connection = await ClientConnection.OpenAsync(transport, _queue, _options, cancellationToken).ConfigureAwait(false);
        Log.Connected(_logger, _options.Url, connection.ServerName, connection.Position.Revision);
        bool attached = _queue.TryAttach(connection);
        lock (_gate)
        {
            // In one step with the state: who finds the connection lost again must not be told that one is being made.
            _connecting = null;
            _connection = connection;
            ChangeState(ConnectionState.Connected, null);
            _running = RunAsync(connection);
        }

        if (!attached)
        {
            connection.Break("The client has been disposed.");
        }
    }

    private async Task RunAsync(ClientConnection connection)
    {
        await Task.Yield();
        string reason = await connection.RunAsync().ConfigureAwait(false);
        string message = $"The connection to {_options.Url} was lost: {reason}";
        Log.Lost(_logger, _options.Url, reason);
        lock (_gate)
        {
            if (_connection == connection)
            {
                _connection = null;
                ChangeState(ConnectionState.Disconnected, new StorageException(StorageErrorCode.ConnectionLost, message));
            }
        }

        // Before the handlers: what was in flight does not wait for them.
        _queue.Detach(connection, message);
        RaiseStateChanges();
    }

    /// <summary>Changes the state; <see cref="RaiseStateChanges"/> tells of it. Guarded by the lock.</summary>
    private void ChangeState(ConnectionState state, StorageException? reason)
    {
        if (_state != ConnectionState.Closed && _state != state)
        {
            _state = state;
            _changes.Enqueue(new ConnectionStateChangedEventArgs(state, reason));
        }
    }

    /// <summary>Tells of the changes that nobody has been told of, unless another thread is about it.</summary>
    private void RaiseStateChanges()
    {
        while (TryTakeChange(out ConnectionStateChangedEventArgs? change))
        {
            try
            {
                StateChanged?.Invoke(this, change);
            }
            catch (Exception exception)
            {
                Log.HandlerFailed(_logger, nameof(StateChanged), exception);
            }
            finally
            {
                lock (_gate)
                {
                    _raising = false;
                }
            }
        }
    }

    private bool TryTakeChange([NotNullWhen(true)] out ConnectionStateChangedEventArgs? change)
    {
        lock (_gate)
        {
            change = null;
            if (_raising || !_changes.TryDequeue(out change))
            {
                return false;
            }

            _raising = true;
            return true;
        }
    }
}
