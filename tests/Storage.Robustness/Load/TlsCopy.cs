using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using WsStorage.Transport.Tls;

namespace WsStorage.Robustness.Load;

/// <summary>What it takes to send bytes over mutual TLS, and nothing else: what a bootstrap is compared with.</summary>
internal static class TlsCopy
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>Sends bytes from one end of a connection on this machine to the other.</summary>
    /// <returns>How long that took.</returns>
    public static async Task<TimeSpan> MeasureAsync(CertificateSet certificates, long bytes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task sending = Task.Run(() => SendAsync(listener, certificates, bytes));
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        await using var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(certificates.LoadClient().BeginClientHandshake("localhost").Options);
        long started = Stopwatch.GetTimestamp();
        byte[] piece = new byte[PieceBytes];
        while (bytes > 0)
        {
            int read = await stream.ReadAsync(piece);
            bytes -= read > 0 ? read : throw new EndOfStreamException("The sender ended too soon.");
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        await sending;
        return elapsed;
    }

    private static async Task SendAsync(TcpListener listener, CertificateSet certificates, long bytes)
    {
        using TcpClient peer = await listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(peer.GetStream());
        await stream.AuthenticateAsServerAsync(certificates.LoadServer().BeginServerHandshake().Options);
        byte[] piece = new byte[PieceBytes];
        for (; bytes > 0; bytes -= piece.Length)
        {
            await stream.WriteAsync(piece.AsMemory(0, (int)Math.Min(bytes, piece.Length)));
        }
    }
}
