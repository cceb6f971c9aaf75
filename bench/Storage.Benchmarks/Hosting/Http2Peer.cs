using Microsoft.AspNetCore.Http;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>
/// One HTTP/2 request for each operation, key and value in the bodies: what a unary call of gRPC is on the wire, without what
/// gRPC's own library costs on top.
/// </summary>
/// <param name="storage">The same storage that ours serves.</param>
internal sealed class Http2Peer(IStorage storage)
{
    public const int KeyBytes = Cli.Bench.BenchData.KeyBytes;

    public async Task GetAsync(HttpContext http)
    {
        byte[] key = await ReadAllAsync(http);
        GetResult result = await storage.GetAsync(key, CancellationToken.None);
        http.Response.ContentLength = result.Value!.Length;
        await http.Response.Body.WriteAsync(result.Value);
    }

    public async Task PutAsync(HttpContext http)
    {
        byte[] body = await ReadAllAsync(http);
        await storage.WriteAsync(new WriteBatch().Put(body.AsSpan(0, KeyBytes), body.AsSpan(KeyBytes)), CancellationToken.None);
        http.Response.ContentLength = 0;
    }

    private static async ValueTask<byte[]> ReadAllAsync(HttpContext http)
    {
        byte[] body = new byte[http.Request.ContentLength!.Value];
        await http.Request.Body.ReadExactlyAsync(body);
        return body;
    }
}
