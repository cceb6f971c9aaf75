using System.Collections.Concurrent;
using System.Diagnostics;

namespace WsStorage.Robustness.Processes;

/// <summary>
/// This program in a process of its own, doing one of its hidden verbs: it can be killed with SIGKILL and started again with the
/// same argument. It says <see cref="Ready"/> first, then answers each line by a line, and ends in order when its input does,
/// which it also does when the harness dies. Not thread-safe: one scenario drives it.
/// </summary>
internal abstract class ChildProcess(string verb, string argument) : IAsyncDisposable
{
    /// <summary>What a process says first.</summary>
    public const string Ready = "ready";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentQueue<string> _complaints = new();
    private Process? _process;

    /// <summary>How often it was killed.</summary>
    public int Kills { get; private set; }

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => _process is not null;

    /// <summary>Starts the process, and does not wait for it to be ready.</summary>
    public void Begin()
    {
        // The program of this assembly, wherever it runs: beside its own host, or in the directory of the tests.
        string program = Path.Combine(AppContext.BaseDirectory, $"{typeof(ChildProcess).Assembly.GetName().Name}.dll");
        Process process = Process.Start(new ProcessStartInfo("dotnet", ["exec", program, verb, argument])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _complaints.Clear();
        process.ErrorDataReceived += (_, line) => _complaints.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Completes when the process that was begun is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended instead; the message is what it said.</exception>
    public async Task UntilReadyAsync()
    {
        string line = await ReadLineAsync();
        if (line is not Ready)
        {
            throw new InvalidOperationException($"The process said '{line}' before it was ready.");
        }
    }

    /// <summary>Starts the process and waits until it is ready.</summary>
    public Task StartAsync()
    {
        Begin();
        return UntilReadyAsync();
    }

    /// <summary>Kills it (SIGKILL), wherever it is.</summary>
    public async Task KillAsync()
    {
        Process process = _process!;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
        Kills++;
    }

    /// <summary>Stops it in order, so that what it had open can be opened by another process.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Patience);
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Kills it, if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }
    }

    /// <summary>Says a line, and waits for the answer.</summary>
    protected async Task<string> AskAsync(string line)
    {
        await _process!.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await ReadLineAsync();
    }

    private async Task<string> ReadLineAsync()
    {
        Process process = _process!;
        if (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            return line;
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"The process '{verb}' ended: {string.Join(Environment.NewLine, _complaints)}");
    }
}
