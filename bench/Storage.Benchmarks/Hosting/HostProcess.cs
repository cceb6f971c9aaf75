using System.Diagnostics;
using System.Text.Json;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>A host in a process of its own, which ends with this one.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;

    private HostProcess(Process process, HostAddresses addresses)
    {
        _process = process;
        Addresses = addresses;
    }

    public HostAddresses Addresses { get; }

    public static async Task<HostProcess> StartAsync(HostOptions options, CancellationToken cancellationToken)
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(HostProcess).Assembly.Location);
        }

        start.ArgumentList.Add(HostCommand.Name);
        start.ArgumentList.Add(options.ToJson());
        Process process = Process.Start(start)!;
        try
        {
            string line = await process.StandardOutput.ReadLineAsync(cancellationToken)
                ?? throw new InvalidOperationException("The host did not start; it has said why.");
            return new HostProcess(process, JsonSerializer.Deserialize<HostAddresses>(line)!);
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    /// <summary>Asks the host for its readings.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<HostReadings> ReadAsync(CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<HostReadings>(await AskAsync(HostCommand.Readings, cancellationToken))!;

    /// <summary>Has the host's RocksDB store write out and compact all that it holds.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task CompactAsync(CancellationToken cancellationToken) => AskAsync(HostCommand.Compact, cancellationToken);

    /// <summary>Has the host measure its engine without a wire.</summary>
    /// <param name="question">What and for how long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<EngineAnswer> MeasureEngineAsync(EngineQuestion question, CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<EngineAnswer>(await AskAsync(HostCommand.Engine + JsonSerializer.Serialize(question), cancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(question.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await _process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The host has ended.");
    }
}
