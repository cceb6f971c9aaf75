using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks.Load;

/// <summary>A stream of TLS on loopback, both ends in this process, with nothing above it.</summary>
internal sealed class WireLoad : IAsyncDisposable
{
    private const int BlockBytes = 64 * 1024;

    private readonly SslStream _sender;
    private readonly SslStream _receiver;
    private readonly RunOptions _options;

    private WireLoad(SslStream sender, SslStream receiver, RunOptions options)
    {
        _sender = sender;
        _receiver = receiver;
        _options = options;
    }

    public static async Task<WireLoad> ConnectAsync(Site site, CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var outgoing = new TcpClient();
        ValueTask connecting = outgoing.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancellationToken);
        TcpClient incoming = await listener.AcceptTcpClientAsync(cancellationToken);
        await connecting;
        var receiver = new SslStream(outgoing.GetStream());
        var sender = new SslStream(incoming.GetStream());
        await Task.WhenAll(
            sender.AuthenticateAsServerAsync(site.Certificates.LoadServer().BeginServerHandshake().Options, cancellationToken),
            receiver.AuthenticateAsClientAsync(site.Certificates.LoadClient().BeginClientHandshake("localhost").Options, cancellationToken));
        return new WireLoad(sender, receiver, site.Options);
    }

    /// <summary>Measures what goes through, with one block under way while the next is made.</summary>
    /// <returns>Megabytes per second.</returns>
    public async Task<Sample> MeasureAsync(CancellationToken cancellationToken)
    {
        byte[] sent = new byte[BlockBytes];
        byte[] received = new byte[BlockBytes];
        ValueTask sending = _sender.WriteAsync(sent, cancellationToken);
        Sample sample = await ClosedLoop.MeasureAsync([BlockAsync], _options, cancellationToken);
        await sending;
        await _receiver.ReadExactlyAsync(received, cancellationToken);
        return new Sample(sample.Value * BlockBytes / 1e6);

        async ValueTask BlockAsync()
        {
            await sending;
            sending = _sender.WriteAsync(sent, cancellationToken);
            await _receiver.ReadExactlyAsync(received, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        await _receiver.DisposeAsync();
    }
}
