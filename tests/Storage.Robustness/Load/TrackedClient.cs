using WsStorage.WsClient;

namespace WsStorage.Robustness.Load;

/// <summary>A client that counts the connections that it makes and loses, and that can be replaced by a new one.</summary>
internal sealed class TrackedClient : IAsyncDisposable
{
    private readonly ClientFactory _factory;
    private WsStorageClient _client;
    private bool _isConnected;

    internal TrackedClient(ClientFactory factory)
    {
        _factory = factory;
        _client = Make();
    }

    /// <summary>The client of now.</summary>
    public WsStorageClient Storage => Volatile.Read(ref _client);

    /// <summary>Disposes of the client, as a program does that ends, and makes another.</summary>
    public async Task ReplaceAsync()
    {
        await DisposeAsync();
        Volatile.Write(ref _client, Make());
    }

    /// <summary>Disposes of the client.</summary>
    public async ValueTask DisposeAsync()
    {
        WsStorageClient client = Storage;
        client.StateChanged -= OnStateChanged;
        await client.DisposeAsync();
        _isConnected = false;
    }

    private WsStorageClient Make()
    {
        var client = new WsStorageClient(_factory.Options);
        client.StateChanged += OnStateChanged;
        return client;
    }

    /// <summary>Called for one change after the other.</summary>
    private void OnStateChanged(object? sender, ConnectionStateChangedEventArgs change)
    {
        bool wasConnected = _isConnected;
        _isConnected = change.State == ConnectionState.Connected;
        if (_isConnected && !wasConnected)
        {
            _factory.OnMade();
        }
        else if (wasConnected && !_isConnected)
        {
            _factory.OnLost();
        }
    }
}
