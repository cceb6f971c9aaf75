using System.Net;
using System.Net.Sockets;

namespace WsStorage.Cli.Demo;

/// <summary>
/// The link between the clients of the demo and its server: carries bytes on a port that stays, to a server that may come back
/// on another, and can be cut.
/// </summary>
internal sealed class LinkProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private CancellationTokenSource _cut = new();
    private volatile bool _isUp = true;
    private volatile int _targetPort;

    public LinkProxy(int targetPort)
    {
        _targetPort = targetPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The port of the server on this machine.</summary>
    public int TargetPort
    {
        get => _targetPort;
        set => _targetPort = value;
    }

    /// <summary>Ends every connection in the middle of whatever it carries, and refuses new ones until <see cref="Mend"/>.</summary>
    public async Task CutAsync()
    {
        _isUp = false;
        CancellationTokenSource cut = Interlocked.Exchange(ref _cut, new CancellationTokenSource());
        await cut.CancelAsync();
        cut.Dispose();
    }

    /// <summary>Takes connections again.</summary>
    public void Mend() => _isUp = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await CutAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
        _cut.Dispose();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                carrying.RemoveAll(task => task.IsCompleted);
                carrying.Add(CarryAsync(client, _cut.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The demo is over.
        }

        await Task.WhenAll(carrying);
    }

    private async Task CarryAsync(TcpClient client, CancellationToken cut)
    {
        using (client)
        using (var server = new TcpClient())
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(cut, _stop.Token))
        {
            // What is under way when a connection ends is lost with it, as it is on a link that fails.
            client.LingerState = server.LingerState = new LingerOption(true, 0);
            if (!_isUp)
            {
                return;
            }

            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _targetPort, ending.Token);
                client.NoDelay = server.NoDelay = true;
                Task up = client.GetStream().CopyToAsync(server.GetStream(), ending.Token);
                Task down = server.GetStream().CopyToAsync(client.GetStream(), ending.Token);
                await Task.WhenAny(up, down);
                await ending.CancelAsync();
                await Task.WhenAll(up, down);
            }
            catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // One end is gone: so is the other.
            }
        }
    }
}
