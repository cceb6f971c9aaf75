using System.Net;
using System.Net.Sockets;

namespace WsStorage.Testing.Network;

/// <summary>
/// Finds a port for a server that comes back to it. It lies below those that the system gives to outgoing connections: a
/// client that tries again and again to reach a dead server at one of those can end up connected to itself, and the server
/// then finds its port taken.
/// </summary>
public static class FreePort
{
    private const int First = 20_000;
    private const int Count = 10_000;

    /// <summary>Finds one.</summary>
    /// <returns>The port; nobody listens there yet.</returns>
    public static int Find()
    {
        while (true)
        {
            int port = First + Random.Shared.Next(Count);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
