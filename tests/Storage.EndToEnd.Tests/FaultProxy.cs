using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace WsStorage.EndToEnd.Tests;

/// <summary>
/// Carries bytes between clients and a server, and harms some connections: cuts them, or lets them hang and then cuts them,
/// after a random number of bytes in either direction.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _targetPort;
    private readonly Random _random;
    private readonly Task _accepting;
    private int _harmed;

    public FaultProxy(int targetPort, int seed)
    {
        _targetPort = targetPort;
        _random = new Random(seed);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether connections that are made from now on are harmed.</summary>
    public bool IsHarmful { get; set; } = true;

    /// <summary>How many connections were harmed.</summary>
    public int Harmed => Volatile.Read(ref _harmed);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                carrying.Add(CarryAsync(client, NextFault(), NextFault()));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }

        await Task.WhenAll(carrying);
    }

    /// <summary>Spread over all sizes: within the handshake as well as after many messages.</summary>
    private Fault NextFault() => !IsHarmful || _random.Next(4) == 0
        ? new Fault(long.MaxValue, TimeSpan.Zero)
        : new Fault((long)Math.Exp(_random.NextDouble() * Math.Log(300_000)), TimeSpan.FromMilliseconds(_random.Next(3) == 0 ? _random.Next(600) : 0));

    private async Task CarryAsync(TcpClient client, Fault up, Fault down)
    {
        using (client)
        using (var server = new TcpClient())
        using (var cut = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _targetPort, cut.Token);
                client.NoDelay = server.NoDelay = true;
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), up, cut.Token),
                    CopyAsync(server.GetStream(), client.GetStream(), down, cut.Token));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // One end is gone: so is the other.
            }

            await cut.CancelAsync();
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Fault fault, CancellationToken cut)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        long left = fault.AfterBytes;
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, cut)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, (int)Math.Min(read, left)), cut);
                left -= read;
                if (left <= 0)
                {
                    Interlocked.Increment(ref _harmed);
                    await Task.Delay(fault.Stall, cut);
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One end is gone: so is the other.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly record struct Fault(long AfterBytes, TimeSpan Stall);
}
