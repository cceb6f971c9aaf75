namespace WsStorage.Cli.Tests;

/// <summary>A store that <c>wsstorage serve</c> serves, and the options by which other verbs reach it.</summary>
internal sealed class ServedStore : IDisposable
{
    private readonly CliProcess _server;

    private ServedStore(CliProcess server, string certificates, string url)
    {
        _server = server;
        Url = url;
        Options = ["--url", url, "--certs", certificates];
    }

    public string Url { get; }

    public string[] Options { get; }

    public int Port => new Uri(Url).Port;

    public static Task<ServedStore> StartAsync(string certificates, params string[] store) => StartAtAsync(0, certificates, store);

    /// <summary>
    /// Starts it at a port, where another one was before perhaps, so that its clients find it. A port that is come back to is
    /// one of <see cref="WsStorage.Testing.Network.FreePort"/>: any other may be given away meanwhile.
    /// </summary>
    public static async Task<ServedStore> StartAtAsync(int port, string certificates, params string[] store)
    {
        CliProcess server = CliProcess.Start(["serve", "--listen", $"localhost:{port}", "--certs", certificates, .. store]);
        string? line = await server.Output.ReadLineAsync();
        if (line is null)
        {
            CliResult failed = await server.EndAsync([]);
            Assert.Fail(failed.Error);
        }

        Assert.That(line, Does.StartWith("Listening on wss://localhost:"));
        return new ServedStore(server, certificates, line!["Listening on ".Length..]);
    }

    public async Task<CliResult> StopAsync(string signal = "TERM")
    {
        await _server.SignalAsync(signal);
        return await _server.EndAsync([]);
    }

    public void Dispose() => _server.Dispose();
}
