using System.Diagnostics;
using System.Globalization;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>The programs that come with Redis, over TLS with a client's certificate.</summary>
/// <param name="port">Where the server listens.</param>
/// <param name="files">The client's certificate, and what it trusts.</param>
internal sealed class RedisTools(int port, PemFiles files)
{
    public const string Client = "redis-cli";
    public const string Benchmark = "redis-benchmark";

    /// <summary>Runs one of them and gives back what it said.</summary>
    public Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken, Func<Stream, Task>? input = null) =>
        RunAsync(program, [.. Connection, .. arguments], cancellationToken, input);

    private string[] Connection =>
    [
        "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "--tls", "--cert", files.Certificate, "--key", files.Key, "--cacert", files.Authority,
    ];

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Which.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="input">Writes its standard input; none by default.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<string> RunAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken, Func<Stream, Task>? input = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        await using CancellationTokenRegistration killed = cancellationToken.Register(process.Kill);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        if (input is not null)
        {
            await input(process.StandardInput.BaseStream);
        }

        process.StandardInput.Close();
        string said = await output;
        await process.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? said : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {said}");
    }
}
