namespace WsStorage.WsClient;

/// <summary>How a client stands with its server.</summary>
public enum ConnectionState
{
    /// <summary>
    /// There is no connection. Before the client is first used, and after it has given up, the next operation makes one; else
    /// the client does, by itself and soon.
    /// </summary>
    Disconnected,

    /// <summary>A connection is being made; operations wait for it.</summary>
    Connecting,

    /// <summary>There is a connection.</summary>
    Connected,

    /// <summary>The client has been disposed.</summary>
    Closed,
}

/// <summary>Tells of a change in how a client stands with its server.</summary>
/// <param name="state">How it stands now.</param>
/// <param name="reason">Why a connection was lost or could not be made; <see langword="null"/> otherwise.</param>
public sealed class ConnectionStateChangedEventArgs(ConnectionState state, StorageException? reason) : EventArgs
{
    /// <summary>How it stands now.</summary>
    public ConnectionState State { get; } = state;

    /// <summary>Why a connection was lost or could not be made; <see langword="null"/> otherwise.</summary>
    public StorageException? Reason { get; } = reason;
}
