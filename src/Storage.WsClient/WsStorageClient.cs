using Microsoft.Extensions.Logging;
using WsStorage.Leases;
using WsStorage.Transport;
using WsStorage.WsClient.Watches;

namespace WsStorage.WsClient;

/// <summary>
/// A storage that lies behind a secure WebSocket. Any number of operations may be outstanding; all share one connection, which
/// is made when it is first needed, and made anew whenever it is lost, until the client is disposed of. What was in flight is
/// sent again: reads always, writes if the server applies them once; watches go on where they were. Without a connection
/// operations wait, each for its own time.
/// </summary>
/// <remarks>
/// <para>Writes are applied in the order of their calls.</para>
/// <para>A write fails with the outcome <see cref="WriteOutcome.Unknown"/> only if it was sent and its answer did not come in
/// its time, or can't be had any more; a read that fails half way through a scan says so.</para>
/// <para>Thread-safe.</para>
/// </remarks>
public sealed partial class WsStorageClient : ILeaseStorage, IRangeHashStorage, ICheckpointStorage
{
    private readonly WsStorageClientOptions _options;
    private readonly ClientId _id;
    private readonly RequestQueue _queue;
    private readonly WatchRegistry _watches;
    private readonly StateChanges _states;
    private readonly ConnectionSupervisor _supervisor;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private Task? _disposal;

    /// <summary>Makes a client that connects when it is first used.</summary>
    /// <param name="options">Where the store is and how to reach it.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.InvalidArgument"/>: an option makes no sense.
    /// <see cref="StorageErrorCode.Locked"/>, <see cref="StorageErrorCode.IOError"/> or <see cref="StorageErrorCode.Corrupt"/>:
    /// the file of the client's id can't be used.</exception>
    public WsStorageClient(WsStorageClientOptions options)
        : this(options, (url, cancellationToken) => WebSocketConnector.ConnectAsync(url, options, cancellationToken), Random.Shared.NextDouble)
    {
    }

    internal WsStorageClient(
        WsStorageClientOptions options,
        Func<Uri, CancellationToken, ValueTask<IMessageTransport>> connector,
        Func<double> random)
    {
        options.Validate();
        _options = options;
        _id = ClientId.Open(options);
        _queue = new RequestQueue(options, StartConnecting);
        _watches = new WatchRegistry(options, StartConnecting);
        _states = new StateChanges(change => StateChanged?.Invoke(this, change), options.LoggerFactory.CreateLogger<WsStorageClient>());
        var opener = new ConnectionOpener(options, _id.Value, connector, _queue, _watches);
        _supervisor = new ConnectionSupervisor(options, opener, _queue, _watches, _states, random);

        // One timer for all requests: an operation may end this much after its time.
        TimeSpan granularity = TimeSpan.FromMilliseconds(Math.Clamp(options.OperationTimeout.TotalMilliseconds / 8, 10, 1000));
        _timer = options.TimeProvider.CreateTimer(static state => ((WsStorageClient)state!).Tick(), this, granularity, granularity);
    }

    /// <summary>
    /// Raised on every change of <see cref="State"/>, one after the other and in order, on a thread of the pool. A handler that
    /// blocks delays those that come after it, and nothing else; one that throws is logged.
    /// </summary>
    public event EventHandler<ConnectionStateChangedEventArgs>? StateChanged;

    /// <summary>How the client stands with its server.</summary>
    public ConnectionState State => _states.State;

    /// <summary>Makes a client and its connection.</summary>
    /// <param name="options">Where the store is and how to reach it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client, connected.</returns>
    /// <exception cref="StorageException">The first attempt to connect failed; the message says why.</exception>
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

    /// <summary>
    /// Waits for a connection, but no longer than for the attempt that is under way, or the next. No operation needs this: each
    /// lets the client connect by itself.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when there is a connection.</returns>
    /// <exception cref="StorageException">The attempt failed; the message says why. The client goes on trying.</exception>
    public async ValueTask ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (await _supervisor.ConnectAsync().WaitAsync(cancellationToken).ConfigureAwait(false) is { } reason)
        {
            throw new StorageException(reason.Code, reason.Message, reason.Outcome, reason);
        }
    }

    /// <summary>Closes the connection. What is outstanding fails with <see cref="StorageErrorCode.Closed"/>.</summary>
    /// <returns>Completes when nothing is left.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            return new ValueTask(_disposal ??= DisposeCoreAsync());
        }
    }

    private async Task DisposeCoreAsync()
    {
        await _supervisor.DisposeAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        _id.Dispose();
    }

    private void StartConnecting() => _supervisor.Start();

    private void Tick()
    {
        _queue.EndExpired();
        _watches.Retry();
    }
}
