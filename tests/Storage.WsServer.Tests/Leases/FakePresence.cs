namespace WsStorage.WsServer.Tests.Leases;

/// <summary>Says of sessions what a test wants said.</summary>
internal sealed class FakePresence : ISessionPresence
{
    private readonly Lock _gate = new();
    private readonly HashSet<Guid> _connected = [];
    private Action<Guid> _onChanged = static _ => { };

    public bool IsConnected(Guid session)
    {
        lock (_gate)
        {
            return _connected.Contains(session);
        }
    }

    public void Subscribe(Action<Guid> onChanged) => _onChanged += onChanged;

    public void Connect(Guid session)
    {
        lock (_gate)
        {
            _connected.Add(session);
        }

        _onChanged(session);
    }

    public void Disconnect(Guid session)
    {
        lock (_gate)
        {
            _connected.Remove(session);
        }

        _onChanged(session);
    }
}
