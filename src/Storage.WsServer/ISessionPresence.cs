namespace WsStorage.WsServer;

/// <summary>Which sessions of clients have a connection now. Thread-safe.</summary>
internal interface ISessionPresence
{
    /// <summary>Whether a session has a connection: from its hello until it ends, and through a change of connections.</summary>
    /// <param name="session">The session's key.</param>
    bool IsConnected(Guid session);

    /// <summary>Asks to be told when <see cref="IsConnected"/> has changed.</summary>
    /// <param name="onChanged">
    /// Given the session's key, on any thread, while no lock is held. Two changes of one session may be told in either order, so
    /// it asks what holds now. It is quick and does not throw.
    /// </param>
    void Subscribe(Action<Guid> onChanged);
}
