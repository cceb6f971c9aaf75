using WsStorage.Cli.Processes;

namespace WsStorage.Cli.Demo;

/// <summary>The server of the demo: <c>wsstorage serve</c> over RocksDB in a process of its own, which can be killed.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly string[] _arguments;
    private ServerProcess? _process;

    private DemoServer(string data, string certificates) => _arguments = ["--data", data, "--certs", certificates];

    public int Port => _process!.Url.Port;

    /// <summary>Starts it on an empty store.</summary>
    public static async Task<DemoServer> StartAsync(string data, string certificates)
    {
        var server = new DemoServer(data, certificates);
        await server.StartAsync();
        return server;
    }

    /// <summary>Kills it and starts it again on what it has left on the disk.</summary>
    public async Task CrashAndRestartAsync()
    {
        _process!.Kill();
        await _process.EndedAsync();
        await _process.DisposeAsync();
        await StartAsync();
    }

    /// <summary>Stops it in good order.</summary>
    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task StartAsync() => _process = await ServerProcess.StartAsync(_arguments, CancellationToken.None);
}
