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
    public Task<HostReadings> ReadAsync(CancellationToken cancellationToken) => AskAsync<HostReadings>(new ReadingsQuestion(), cancellationToken);

    /// <summary>Has the host's RocksDB store write out and compact all that it holds.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task CompactAsync(CancellationToken cancellationToken) => AskAsync<object>(new CompactQuestion(), cancellationToken);

    /// <summary>Asks the host for something.</summary>
    /// <typeparam name="TAnswer">What it answers.</typeparam>
    /// <param name="question">What is asked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<TAnswer> AskAsync<TAnswer>(HostQuestion question, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        string line = await _process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The host has ended; it has said why.");
        return JsonSerializer.Deserialize<TAnswer>(line)!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
