namespace WsStorage.Robustness.Processes;

/// <summary>A server in a process of its own, in the same directory and on the same port whenever it is started.</summary>
internal sealed class ServerProcess(ServeOptions options) : ChildProcess(ServeVerb.Name, options.ToArgument())
{
    /// <summary>Where it listens.</summary>
    public int Port => options.Port;

    /// <summary>Where a client reaches it without a proxy.</summary>
    public Uri Url => UrlOf(Port);

    /// <summary>Where a client reaches the store through a port of this machine.</summary>
    public static Uri UrlOf(int port) => new($"wss://localhost:{port}/storage");

    /// <summary>What it holds, once all garbage is gone.</summary>
    public async Task<ServerMemory> MeasureAsync() => ServerMemory.Parse(await AskAsync(ServeVerb.Memory));

    /// <summary>The most that it has had in memory since it was started, in bytes.</summary>
    public async Task<long> MeasurePeakAsync() => ProcessMemory.Parse(await AskAsync(ProcessMemory.Peak));
}
