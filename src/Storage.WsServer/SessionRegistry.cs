using System.Diagnostics.CodeAnalysis;

namespace WsStorage.WsServer;

/// <summary>Which sessions there are: counted when they enter, drained when the server stops. Thread-safe.</summary>
internal sealed class SessionRegistry(StorageSessionOptions options)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Session> _sessions = [];
    private readonly Dictionary<string, int> _perClient = new(StringComparer.Ordinal);
    private int _count;
    private bool _draining;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    public bool TryEnter(ClientIdentity client, [NotNullWhen(false)] out string? reason)
    {
        lock (_gate)
        {
            int own = _perClient.GetValueOrDefault(client.Id);
            if (_draining)
            {
                reason = "the server is shutting down";
            }
            else if (_count >= options.MaxConnections)
            {
                reason = $"there are {_count} connections, the most that may be";
            }
            else if (own >= options.MaxConnectionsPerClient)
            {
                reason = $"there are {own} connections of {client.Name}, the most that a client may have";
            }
            else
            {
                _count++;
                _perClient[client.Id] = own + 1;
                reason = null;
                return true;
            }

            return false;
        }
    }

    public void Leave(ClientIdentity client)
    {
        lock (_gate)
        {
            _count--;
            if (--_perClient[client.Id] == 0)
            {
                _perClient.Remove(client.Id);
            }
        }
    }

    /// <summary>Adds a session; one that comes while the others are drained is drained too.</summary>
    /// <param name="session">The session, before it runs.</param>
    public void Add(Session session)
    {
        bool drain;
        lock (_gate)
        {
            _sessions.Add(session);
            drain = _draining;
        }

        if (drain)
        {
            _ = session.DrainAsync();
        }
    }

    public void Remove(Session session)
    {
        lock (_gate)
        {
            _sessions.Remove(session);
        }
    }

    /// <summary>Lets no session enter any more, and drains those that there are.</summary>
    public Task DrainAsync()
    {
        Session[] sessions;
        lock (_gate)
        {
            _draining = true;
            sessions = [.. _sessions];
        }

        return Task.WhenAll(Array.ConvertAll(sessions, session => session.DrainAsync()));
    }
}
