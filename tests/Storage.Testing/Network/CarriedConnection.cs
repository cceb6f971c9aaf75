using System.Buffers;
using System.Net.Sockets;

namespace WsStorage.Testing.Network;

/// <summary>One connection through a <see cref="CuttingProxy"/>, from its acceptance to its end.</summary>
internal sealed class CarriedConnection(Socket client, Socket server, ConnectionFault? fault, Func<Task> frozen)
{
    /// <summary>Carries bytes until one side has ended the connection, it is cut, or the fault has struck.</summary>
    /// <returns>Whether it was not a side that ended it.</returns>
    public async Task<bool> RunAsync(CancellationToken cut, CancellationToken stop)
    {
        using var flow = CancellationTokenSource.CreateLinkedTokenSource(stop, cut);
        Task<bool> up = CopyAsync(client, server, fault?.UpBytes ?? long.MaxValue, flow.Token);
        Task<bool> down = CopyAsync(server, client, fault?.DownBytes ?? long.MaxValue, flow.Token);
        Task<bool> life = LiveAsync(fault?.Life ?? Timeout.InfiniteTimeSpan, flow.Token);
        bool struck = await await Task.WhenAny(up, down, life);
        await flow.CancelAsync();
        await Task.WhenAll(up, down, life);
        if (cut.IsCancellationRequested)
        {
            return true;
        }

        if (struck && fault is not null)
        {
            await LiveAsync(fault.Stall, stop);
            if (fault.IsReset)
            {
                client.LingerState = server.LingerState = new LingerOption(enable: true, seconds: 0);
            }
        }

        return struck;
    }

    /// <summary>Lets time pass.</summary>
    /// <returns>Whether all of it has.</returns>
    private static async Task<bool> LiveAsync(TimeSpan life, CancellationToken flow)
    {
        try
        {
            await Task.Delay(life, flow);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Carries one direction.</summary>
    /// <returns>Whether as many bytes have passed as the fault lets pass.</returns>
    private async Task<bool> CopyAsync(Socket from, Socket to, long left, CancellationToken flow)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, flow)) > 0)
            {
                await frozen().WaitAsync(flow);
                await SendAsync(to, buffer.AsMemory(0, (int)Math.Min(read, left)), flow);
                left -= read;
                if (left <= 0)
                {
                    return true;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One end is gone: so is the other.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return false;
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken flow)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await to.SendAsync(bytes, flow)..];
        }
    }
}
