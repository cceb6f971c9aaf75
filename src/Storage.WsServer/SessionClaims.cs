namespace WsStorage.WsServer;

/// <summary>
/// Which connection each session of a client is on. There is one at the most: a newer one supersedes the one before, which may
/// be half open and not know it. Thread-safe.
/// </summary>
internal sealed class SessionClaims : ISessionPresence
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Session> _holders = [];
    private Action<Guid> _onChanged = static _ => { };

    public bool IsConnected(Guid session)
    {
        lock (_gate)
        {
            return _holders.ContainsKey(session);
        }
    }

    public void Subscribe(Action<Guid> onChanged)
    {
        lock (_gate)
        {
            _onChanged += onChanged;
        }
    }

    /// <summary>Takes a session over. When this returns, nothing that its former connection says is executed any more.</summary>
    /// <param name="key">The session's key.</param>
    /// <param name="holder">The connection, which calls <see cref="Release"/> at its end.</param>
    public void Claim(Guid key, Session holder)
    {
        Session? predecessor;
        lock (_gate)
        {
            _holders.TryGetValue(key, out predecessor);
            _holders[key] = holder;
        }

        if (predecessor is null)
        {
            _onChanged(key);
        }
        else
        {
            predecessor.Supersede();
        }
    }

    /// <summary>Gives a session up, unless another connection has taken it over.</summary>
    /// <param name="key">The session's key.</param>
    /// <param name="holder">The connection that claimed it.</param>
    public void Release(Guid key, Session holder)
    {
        lock (_gate)
        {
            if (!_holders.TryGetValue(key, out Session? current) || current != holder)
            {
                return;
            }

            _holders.Remove(key);
        }

        _onChanged(key);
    }
}
