using Microsoft.Extensions.Logging;
using WsStorage.Transport;
using WsStorage.WsClient.Watches;

namespace WsStorage.WsClient;

/// <summary>
/// Keeps a client connected: from when it is first asked to, until it is disposed of, it makes a connection, waits for its end,
/// and makes the next, with a growing and random wait between attempts. One loop does all of this, so no two connections are
/// ever made at once. Thread-safe.
/// </summary>
internal sealed class ConnectionSupervisor : IAsyncDisposable
{
    private readonly WsStorageClientOptions _options;
    private readonly ConnectionOpener _opener;
    private readonly RequestQueue _queue;
    private readonly WatchRegistry _watches;
    private readonly StateChanges _states;
    private readonly Backoff _backoff;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposing = new();
    private TaskCompletionSource<StorageException?>? _attempt;
    private ClientConnection? _connection;
    private Task _loop = Task.CompletedTask;
    private bool _isRunning;
    private bool _isDisposed;

    /// <summary>Makes a supervisor that is idle until it is asked for a connection.</summary>
    /// <param name="options">How often to try.</param>
    /// <param name="opener">Makes a connection.</param>
    /// <param name="queue">What waits for one.</param>
    /// <param name="watches">What waits for one, too.</param>
    /// <param name="states">Hears how the client stands.</param>
    /// <param name="random">Gives numbers from 0, included, to 1, excluded, evenly.</param>
    public ConnectionSupervisor(
        WsStorageClientOptions options,
        ConnectionOpener opener,
        RequestQueue queue,
        WatchRegistry watches,
        StateChanges states,
        Func<double> random)
    {
        _options = options;
        _opener = opener;
        _queue = queue;
        _watches = watches;
        _states = states;
        _backoff = new Backoff(options.ReconnectBaseDelay, options.ReconnectMaxDelay, random);
        _logger = options.LoggerFactory.CreateLogger<WsStorageClient>();
    }

    /// <summary>Begins to keep the client connected, if it does not do so already. Does not block.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (!_isDisposed && !_isRunning)
            {
                _isRunning = true;
                _loop = Task.Run(KeepConnectedAsync);
            }
        }
    }

    /// <summary>Waits for the attempt to connect that is under way, or for the next.</summary>
    /// <returns>Why it failed; none when there is a connection.</returns>
    public Task<StorageException?> ConnectAsync()
    {
        Task<StorageException?> attempt;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return Task.FromResult<StorageException?>(Disposed());
            }

            if (_connection is not null)
            {
                return Task.FromResult<StorageException?>(null);
            }

            _attempt ??= new TaskCompletionSource<StorageException?>(TaskCreationOptions.RunContinuationsAsynchronously);
            attempt = _attempt.Task;
        }

        Start();
        return attempt;
    }

    /// <summary>Ends all that waits, and says good-bye to the server. To be called once.</summary>
    /// <returns>Completes when nothing is left.</returns>
    public async ValueTask DisposeAsync()
    {
        ClientConnection? connection;
        TaskCompletionSource<StorageException?>? attempt;
        Task loop;
        lock (_gate)
        {
            _isDisposed = true;
            _states.Change(ConnectionState.Closed);
            connection = _connection;
            loop = _loop;
            attempt = TakeAttempt();
        }

        // The rest runs without the lock of its caller.
        await Task.Yield();
        _queue.Close(Disposed());
        _watches.Close(Disposed());
        _states.Tell();
        attempt?.TrySetResult(Disposed());
        await _disposing.CancelAsync().ConfigureAwait(false);
        if (connection is not null)
        {
            await connection.CloseAsync(new CloseReason(CloseReason.Normal, "The client has been disposed.")).ConfigureAwait(false);
        }

        await loop.ConfigureAwait(false);
        _disposing.Dispose();
    }

    private static StorageException Disposed() => new(StorageErrorCode.Closed, "The client has been disposed.");

    private async Task KeepConnectedAsync()
    {
        int failed = 0;
        while (!_disposing.IsCancellationRequested)
        {
            TimeSpan delay;
            _states.Change(ConnectionState.Connecting);
            TellOfStates();
            (ClientConnection? connection, StorageException? failure) = await _opener.OpenAsync(_disposing.Token).ConfigureAwait(false);
            if (connection is not null)
            {
                failed = 0;
                long began = _options.TimeProvider.GetTimestamp();
                Adopt(connection);
                delay = await RunAsync(connection, began).ConfigureAwait(false);
            }
            else if (!_disposing.IsCancellationRequested)
            {
                failed++;
                if (failed >= _options.MaxReconnectAttempts)
                {
                    GiveUp(failed, failure!);
                    return;
                }

                delay = _backoff.Next();
                Fail(failed, failure!, delay);
            }
            else
            {
                return;
            }

            if (!_disposing.IsCancellationRequested)
            {
                await Task.Delay(delay, _options.TimeProvider, _disposing.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Adopt(ClientConnection connection)
    {
        bool isDisposed;
        TaskCompletionSource<StorageException?>? attempt;
        lock (_gate)
        {
            // In one step with the state: who finds the connection lost again must not be told that one is being made.
            isDisposed = _isDisposed;
            _connection = connection;
            _states.Change(ConnectionState.Connected);
            attempt = TakeAttempt();
        }

        if (!isDisposed && _queue.TryAttach(connection))
        {
            _watches.Attach(connection);
        }
        else
        {
            connection.Break("The client has been disposed.");
        }

        Tell(attempt, null);
    }

    /// <summary>Waits for the end of a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="began">When it was made, as a timestamp of the clock.</param>
    /// <returns>How long to wait before the next.</returns>
    private async Task<TimeSpan> RunAsync(ClientConnection connection, long began)
    {
        (string why, int? closeCode) = await connection.RunAsync().ConfigureAwait(false);
        bool isSuperseded = closeCode == CloseReason.Superseded;
        var reason = new StorageException(
            StorageErrorCode.ConnectionLost,
            isSuperseded
                ? $"Another connection with the client id {_opener.ClientId} took the place of this one to {connection.Url}. If that is another program, give it an id of its own. The server said: {why}"
                : $"The connection to {connection.Url} was lost: {why}");
        lock (_gate)
        {
            _connection = null;
            _states.Change(ConnectionState.Disconnected, reason);
        }

        // Before the handlers: what was in flight does not wait for them.
        _queue.Detach(connection, reason);
        _watches.Detach();
        TellOfStates();

        // A server that lets clients in and drops them at once is not to be asked ever faster.
        if (connection.WasOfUse || _options.TimeProvider.GetElapsedTime(began) >= _options.ReconnectMaxDelay)
        {
            _backoff.Reset();
        }

        // Two programs with one id would otherwise throw each other out as fast as they can.
        TimeSpan delay = isSuperseded ? _options.ReconnectMaxDelay : _backoff.Next();
        if (!_disposing.IsCancellationRequested)
        {
            Log.Lost(_logger, connection.Url, delay, reason.Message);
        }

        return delay;
    }

    private void Fail(int attempts, StorageException failure, TimeSpan delay)
    {
        Log.NotConnected(_logger, attempts, delay, failure.Message);
        TaskCompletionSource<StorageException?>? attempt;
        lock (_gate)
        {
            _states.Change(ConnectionState.Disconnected, failure);
            attempt = TakeAttempt();
        }

        _queue.NoteOutage(failure);
        if (ConnectionOpener.IsLasting(failure))
        {
            // A watch that has begun once stays: it is the server that has changed, and it may change back.
            _queue.FailWaiting(failure);
            _watches.Fail(failure, established: false);
        }

        Tell(attempt, failure);
    }

    private void GiveUp(int attempts, StorageException failure)
    {
        Log.GaveUp(_logger, attempts, failure.Message);
        _backoff.Reset();
        TaskCompletionSource<StorageException?>? attempt;
        lock (_gate)
        {
            // From here on the next call begins anew.
            _isRunning = false;
            _states.Change(ConnectionState.Disconnected, failure);
            attempt = TakeAttempt();
        }

        _queue.NoteOutage(failure);
        StorageException reason = ConnectionOpener.IsLasting(failure) ? failure : new StorageException(
            StorageErrorCode.ConnectFailed,
            $"{attempts} attempts to connect have failed, as many as {nameof(WsStorageClientOptions.MaxReconnectAttempts)} allows. The last: {failure.Message}",
            WriteOutcome.NotApplied,
            failure);
        _queue.FailWaiting(reason);
        _watches.Fail(reason, established: true);
        Tell(attempt, failure);
    }

    private TaskCompletionSource<StorageException?>? TakeAttempt()
    {
        TaskCompletionSource<StorageException?>? attempt = _attempt;
        _attempt = null;
        return attempt;
    }

    /// <summary>Tells how an attempt to connect has ended, after the handlers of state changes have been told.</summary>
    private void Tell(TaskCompletionSource<StorageException?>? attempt, StorageException? failure) => _ = Task.Run(() =>
    {
        _states.Tell();
        attempt?.TrySetResult(failure);
    });

    // A handler may block, even until there is a connection.
    private void TellOfStates() => Tell(null, null);
}
