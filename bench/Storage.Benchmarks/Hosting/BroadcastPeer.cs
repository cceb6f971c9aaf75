using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>Placeholder until the fan-out scenario brings it.</summary>
internal static class BroadcastPeer
{
    public static async Task HandleAsync(HttpContext http)
    {
        using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
    }
}
