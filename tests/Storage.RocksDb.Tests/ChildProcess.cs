using System.Diagnostics;

namespace WsStorage.RocksDb.Tests;

/// <summary>Runs Storage.RocksDb.TestProcess, and kills it at the latest when disposed of.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>Starts the program.</summary>
    public static ChildProcess Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "WsStorage.RocksDb.TestProcess.dll");
        return new(Process.Start(new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    /// <summary>The next line of its output.</summary>
    public async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new AssertionException(await _process.StandardError.ReadToEndAsync());

    /// <summary>Gives it lines of input.</summary>
    public async Task WriteLinesAsync(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            await _process.StandardInput.WriteLineAsync(line);
        }

        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Ends its input, and waits until it has ended.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        Assert.That(_process.ExitCode, Is.Zero, await _process.StandardError.ReadToEndAsync());
    }

    /// <summary>Kills it (SIGKILL), and gives what it had still said.</summary>
    public async Task<string> KillAsync()
    {
        _process.Kill();
        string rest = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return rest;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
