using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace WsStorage.WsClient;

/// <summary>
/// How a client stands with its server, and the telling of each change: one after the other, in order, and never on a thread that
/// keeps the connection. Thread-safe.
/// </summary>
/// <param name="tell">Tells the application; may block, and may throw.</param>
/// <param name="logger">Hears of handlers that throw.</param>
internal sealed class StateChanges(Action<ConnectionStateChangedEventArgs> tell, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Queue<ConnectionStateChangedEventArgs> _untold = new();
    private ConnectionState _state;
    private bool _isTelling;

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

    /// <summary>Changes the state; <see cref="Tell"/> tells of it. Once closed, it stays so.</summary>
    /// <param name="state">The state from now on.</param>
    /// <param name="reason">Why a connection was lost or could not be made.</param>
    public void Change(ConnectionState state, StorageException? reason = null)
    {
        lock (_gate)
        {
            if (_state != ConnectionState.Closed && _state != state)
            {
                _state = state;
                _untold.Enqueue(new ConnectionStateChangedEventArgs(state, reason));
            }
        }
    }

    /// <summary>Tells of the changes that nobody has been told of, unless another thread is about it.</summary>
    public void Tell()
    {
        while (TryTake(out ConnectionStateChangedEventArgs? change))
        {
            try
            {
                tell(change);
            }
            catch (Exception exception)
            {
                Log.HandlerFailed(logger, nameof(WsStorageClient.StateChanged), exception);
            }
            finally
            {
                lock (_gate)
                {
                    _isTelling = false;
                }
            }
        }
    }

    private bool TryTake([NotNullWhen(true)] out ConnectionStateChangedEventArgs? change)
    {
        lock (_gate)
        {
            change = null;
            if (_isTelling || !_untold.TryDequeue(out change))
            {
                return false;
            }

            _isTelling = true;
            return true;
        }
    }
}
