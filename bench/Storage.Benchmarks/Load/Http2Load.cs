using System.Net;
using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Cli.Bench;
using WsStorage.Transport.Tls;

namespace WsStorage.Benchmarks.Load;

/// <summary>One HTTP/2 request for each operation, all of them on one connection, over the engine that ours serves too.</summary>
internal sealed class Http2Load : IDisposable
{
    private readonly HttpClient _client;
    private readonly RunOptions _options;
    private readonly int _keys;

    /// <param name="url">The host's HTTP/2 peer.</param>
    /// <param name="tls">The client's side of mutual TLS.</param>
    /// <param name="options">How long to measure, and how long values are.</param>
    /// <param name="keys">How many keys there are.</param>
    public Http2Load(Uri url, MutualTlsOptions tls, RunOptions options, int keys)
    {
        _client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = tls.BeginClientHandshake(url.IdnHost).Options,
            EnableMultipleHttp2Connections = false,
            UseCookies = false,
            UseProxy = false,
        })
        {
            BaseAddress = url,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        _options = options;
        _keys = keys;
    }

    public Task<Sample> MeasureAsync(Workload workload, int depth, CancellationToken cancellationToken) =>
        ClosedLoop.MeasureAsync(
            Enumerable.Range(0, depth).Select(_ => workload == Workload.Get ? Getting(cancellationToken) : Putting(cancellationToken)),
            _options,
            cancellationToken);

    public void Dispose() => _client.Dispose();

    private Func<ValueTask> Getting(CancellationToken cancellationToken)
    {
        byte[] key = new byte[Http2Peer.KeyBytes];
        return async () =>
        {
            uint index = (uint)Random.Shared.Next(_keys);
            BenchData.WriteKey(key, index);
            byte[] value = await AskAsync("/get", key, cancellationToken);
            if (!BenchData.IsValid(value, _options.ValueBytes, index))
            {
                throw new WrongValueException("A value that was read over HTTP/2 is not what was written.");
            }
        };
    }

    private Func<ValueTask> Putting(CancellationToken cancellationToken)
    {
        byte[] body = new byte[Http2Peer.KeyBytes + _options.ValueBytes];
        return async () =>
        {
            uint index = (uint)Random.Shared.Next(_keys);
            BenchData.WriteKey(body, index);
            BenchData.WriteValue(body.AsSpan(Http2Peer.KeyBytes), index, (ulong)Random.Shared.NextInt64());
            await AskAsync("/put", body, cancellationToken);
        };
    }

    private async Task<byte[]> AskAsync(string path, byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body);
        using HttpResponseMessage response = await _client.PostAsync(path, content, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
