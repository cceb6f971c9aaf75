using WsStorage.WsClient;

namespace WsStorage.Cli.Stores;

/// <summary>Says on stderr, a line each, when the connection of a verb that goes on is lost, and when there is one again.</summary>
internal sealed class ConnectionTeller
{
    private string? _told;
    private bool _wasConnected;

    private ConnectionTeller()
    {
    }

    public static void TellOf(WsStorageClient client) => client.StateChanged += new ConnectionTeller().OnStateChanged;

    private void OnStateChanged(object? sender, ConnectionStateChangedEventArgs change)
    {
        if (change is { State: ConnectionState.Disconnected, Reason: { } reason })
        {
            // Not each of many attempts that fail for the same reason; and a client that was never let in fails, and says why.
            bool isRefused = !_wasConnected && reason.Code is (StorageErrorCode.AuthenticationFailed or StorageErrorCode.UnsupportedVersion);
            if (!isRefused && !reason.Message.Equals(_told, StringComparison.Ordinal))
            {
                Failure.Say($"{reason.Message} Trying again until Ctrl-C.");
                _told = reason.Message;
            }
        }
        else if (change.State == ConnectionState.Connected)
        {
            _wasConnected = true;
            if (_told is not null)
            {
                Failure.Say("connected again.");
                _told = null;
            }
        }
    }
}
