using System.Diagnostics;
using WsStorage.Cli.Processes;
using WsStorage.Cli.Verbs;

namespace WsStorage.Cli.Demo;

/// <summary>The replica of the demo: on disk, in a process of its own, which can be killed.</summary>
internal sealed class DemoReplica : IDisposable
{
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(60);

    private readonly string[] _arguments;
    private readonly Lock _gate = new();
    private Process _process;
    private Task _reading;
    private ReplicaReport _report = new();
    private ulong _awaited;
    private TaskCompletionSource? _reached;

    public DemoReplica(Uri url, string certificates, string data)
    {
        _arguments = [DemoReplicaCommand.Name, "--url", url.ToString(), "--certs", certificates, "--data", data];
        (_process, _reading) = Start();
    }

    /// <summary>What it said last.</summary>
    public ReplicaReport Report
    {
        get
        {
            lock (_gate)
            {
                return _report;
            }
        }
    }

    /// <summary>Kills it, and starts it again on what it has left on the disk.</summary>
    /// <exception cref="DemoCheckException">It had ended by itself.</exception>
    public async Task CrashAndRestartAsync()
    {
        if (_process.HasExited)
        {
            throw new DemoCheckException($"the replica ended by itself, with code {_process.ExitCode}");
        }

        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
        (_process, _reading) = Start();
    }

    /// <summary>Completes when it says, from now on, that it has a revision.</summary>
    public Task WaitForAsync(ulong revision)
    {
        lock (_gate)
        {
            _awaited = revision;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task;
        }
    }

    /// <summary>Tells it to compare itself with its source and to end.</summary>
    /// <returns>Its last report, which has no digest if it failed.</returns>
    public async Task<ReplicaReport> FinishAsync()
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

    private (Process Process, Task Reading) Start()
    {
        Process process = Process.Start(SelfProcess.With(_arguments))!;
        return (process, ReadAsync(process.StandardOutput));
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            // The last line of one that is killed may be cut off.
            if (!line.EndsWith('}'))
            {
                continue;
            }

            lock (_gate)
            {
                _report = ReplicaReport.FromLine(line)!;
                if (_report.Revision >= _awaited)
                {
                    _reached?.TrySetResult();
                }
            }
        }
    }
}
