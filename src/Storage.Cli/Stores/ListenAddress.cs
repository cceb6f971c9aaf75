using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WsStorage.Cli.Stores;

/// <summary>Reads <c>[HOST:]PORT</c>.</summary>
internal static class ListenAddress
{
    /// <summary>Every address of this machine, IPv6 and IPv4 where it has both.</summary>
    public static IPAddress Any => Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;

    public static IPEndPoint Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon];
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            throw new UsageException($"'{text}' is no address to listen on; write PORT or HOST:PORT, the port from 0 (any free one) to 65535.");
        }

        return new IPEndPoint(Resolve(host, text), port);
    }

    private static IPAddress Resolve(string host, string text)
    {
        if (host is "" or "*")
        {
            return Any;
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return IPAddress.Loopback;
        }

        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return address;
        }

        try
        {
            return Dns.GetHostAddresses(host)[0];
        }
        catch (SocketException)
        {
            throw new UsageException($"The host of '{text}' is not known here; give an address of this machine, or only the port.");
        }
    }
}
