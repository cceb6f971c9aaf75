using System.Diagnostics;
using WsStorage.Cli.Processes;
using WsStorage.Cli.Verbs;

namespace WsStorage.Cli.Demo;

/// <summary>The client of the demo, in a process of its own.</summary>
internal sealed class DemoClientProcess : IDisposable
{
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task _reading;
    private ClientReport _report = new();

    public DemoClientProcess(Uri url, string certificates)
    {
        _process = Process.Start(SelfProcess.With(DemoClientCommand.Name, "--url", url.ToString(), "--certs", certificates))!;
        _reading = ReadAsync();
    }

    /// <summary>What it said last.</summary>
    public ClientReport Report => Volatile.Read(ref _report);

    /// <summary>Completes when the client is gone, as it is too early when something went wrong.</summary>
    public Task Ended => _reading;

    /// <summary>Tells it to read all and to end.</summary>
    /// <returns>Its last report, which has no digest if it failed.</returns>
    public async Task<ClientReport> FinishAsync()
    {
        try
        {
            await _process.StandardInput.WriteLineAsync("finish");
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It is gone already; its report, without a digest, tells.
        }

        using var timeout = new CancellationTokenSource(FinishTimeout);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            // It hangs: its report, without a digest, tells.
            _process.Kill();
        }

        await _reading;
        return Report;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            Volatile.Write(ref _report, ClientReport.FromLine(line)!);
        }
    }
}
