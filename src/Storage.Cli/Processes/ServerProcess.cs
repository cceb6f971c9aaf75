using System.Diagnostics;
using WsStorage.Cli.Verbs;

namespace WsStorage.Cli.Processes;

/// <summary>A server in a process of its own, which ends with this one whatever happens to this one.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private ServerProcess(Process process, Uri url)
    {
        _process = process;
        Url = url;
    }

    public Uri Url { get; }

    /// <summary>Completes when the process has ended.</summary>
    public Task EndedAsync() => _process.WaitForExitAsync();

    /// <summary>Ends the process as a crash would: with SIGKILL, between any two instructions.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="arguments">What follows <c>serve</c>, without an address to listen on.</param>
    /// <param name="cancellationToken">Ends the wait, and the server.</param>
    public static async Task<ServerProcess> StartAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        Process process = Process.Start(SelfProcess.With(["serve", "--until-stdin-ends", "--listen", "localhost:0", .. arguments]))!;
        try
        {
            string? line = await process.StandardOutput.ReadLineAsync(cancellationToken);
            return line?.StartsWith(ServeCommand.ListeningOn, StringComparison.Ordinal) == true
                ? new ServerProcess(process, new Uri(line[ServeCommand.ListeningOn.Length..]))
                : throw new StorageException(StorageErrorCode.ConnectFailed, "The server did not start; it has said why.");
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
