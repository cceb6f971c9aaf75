using System.Net;
using System.Net.Sockets;

namespace WsStorage.Testing.Network;

/// <summary>
/// Carries bytes between clients and a server on this machine, and harms connections as its plan says: cuts them at random
/// moments, in the handshake as well as after many messages, or lets them hang and then cuts them. Thread-safe.
/// </summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _targetPort;
    private readonly CuttingPlan _plan;
    private readonly Random _random;
    private readonly Task _accepting;
    private readonly Lock _gate = new();
    private CancellationTokenSource _cutAll = new();
    private volatile TaskCompletionSource? _frozen;
    private volatile bool _isHarmful = true;
    private int _cuts;

    /// <summary>Begins to listen.</summary>
    /// <param name="targetPort">The server's port on this machine; nobody has to listen there yet.</param>
    /// <param name="seed">Decides what befalls the connections.</param>
    /// <param name="plan">How they are harmed.</param>
    public CuttingProxy(int targetPort, int seed, CuttingPlan? plan = null)
    {
        _targetPort = targetPort;
        _plan = plan ?? new CuttingPlan();
        _random = new Random(seed);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether connections that are made from now on are harmed.</summary>
    public bool IsHarmful
    {
        get => _isHarmful;
        set => _isHarmful = value;
    }

    /// <summary>How many connections were cut that neither side had ended.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Lets every connection hang, in both directions, until <see cref="Thaw"/>.</summary>
    public void Freeze() => _frozen ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets bytes flow again.</summary>
    public void Thaw()
    {
        TaskCompletionSource? frozen = _frozen;
        _frozen = null;
        frozen?.SetResult();
    }

    /// <summary>Cuts every connection that there is now.</summary>
    public void CutAll()
    {
        CancellationTokenSource cut;
        lock (_gate)
        {
            cut = _cutAll;
            _cutAll = new CancellationTokenSource();
        }

        using (cut)
        {
            cut.Cancel();
        }
    }

    /// <summary>Ends all connections.</summary>
    /// <returns>Completes when none is left.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Thaw();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
        _cutAll.Dispose();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                carrying.RemoveAll(task => task.IsCompletedSuccessfully);
                CancellationToken cut;
                lock (_gate)
                {
                    cut = _cutAll.Token;
                }

                carrying.Add(CarryAsync(client, _isHarmful ? _plan.Draw(_random) : null, cut));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The proxy has been disposed of.
        }

        await Task.WhenAll(carrying);
    }

    private async Task CarryAsync(Socket client, ConnectionFault? fault, CancellationToken cut)
    {
        using (client)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _targetPort, _stop.Token);
                client.NoDelay = server.NoDelay = true;
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                return;
            }

            var carried = new CarriedConnection(client, server, fault, () => _frozen?.Task ?? Task.CompletedTask);
            if (await carried.RunAsync(cut, _stop.Token))
            {
                Interlocked.Increment(ref _cuts);
            }
        }
    }
}
