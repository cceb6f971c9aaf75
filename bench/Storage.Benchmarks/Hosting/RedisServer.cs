using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using WsStorage.Transport.Tls;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>
/// A Redis of our own that listens on TLS alone and wants a client's certificate, with an append-only file in a directory of
/// its own. It is never rewritten meanwhile: that would cost Redis in some rounds and not in others.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const string Program = "redis-server";
    private const string Listening = "Ready to accept connections";

    private static readonly string[] Programs = [Program, RedisTools.Client, RedisTools.Benchmark];

    private readonly Process _process;
    private readonly Task _log;

    private RedisServer(Process process, Task log, RedisTools tools)
    {
        _process = process;
        _log = log;
        Tools = tools;
    }

    /// <summary>Why goals against Redis are skipped where it is not installed.</summary>
    public static string NotInstalled => $"{string.Join(", ", Programs.Where(name => !IsThere(name)))} not installed";

    /// <summary>Whether the server and its tools can be run here.</summary>
    public static bool IsInstalled => Programs.All(IsThere);

    /// <summary>What drives it.</summary>
    public RedisTools Tools { get; }

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="certificates">What it shows and trusts.</param>
    /// <param name="directory">Where it keeps its data; made.</param>
    /// <param name="fsync">When it syncs its file: <c>everysec</c> or <c>always</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<RedisServer> StartAsync(
        CertificateSet certificates, string directory, string fsync, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        PemFiles server = await PemFiles.WriteAsync(certificates.ServerKeystore, certificates.ServerTruststore, certificates.Password, directory, "server");
        PemFiles client = await PemFiles.WriteAsync(certificates.ClientKeystore, certificates.ClientTruststore, certificates.Password, directory, "client");
        int port = FreePort();
        string[] arguments =
        [
            "--port", "0", "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--tls-auth-clients", "yes",
            "--tls-cert-file", server.Certificate, "--tls-key-file", server.Key, "--tls-ca-cert-file", server.Authority,
            "--dir", directory, "--save", "", "--appendonly", "yes", "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0",
        ];
        Process process = Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        try
        {
            await WaitAsync(process.StandardOutput, cancellationToken);
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }

        Task log = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        return new RedisServer(process, log, new RedisTools(port, client));
    }

    /// <summary>Says which Redis is installed, such as <c>7.0.15</c>.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<string> GetVersionAsync(CancellationToken cancellationToken)
    {
        string said = await RedisTools.RunAsync(Program, ["--version"], cancellationToken);
        return said.Split(' ').First(word => word.StartsWith("v=", StringComparison.Ordinal))[2..];
    }

    public async ValueTask DisposeAsync()
    {
        // Its data are thrown away: there is nothing that it would have to finish.
        _process.Kill();
        await _process.WaitForExitAsync();
        await _log;
        _process.Dispose();
    }

    private static async Task WaitAsync(StreamReader output, CancellationToken cancellationToken)
    {
        string? last = null;
        while (await output.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains(Listening, StringComparison.Ordinal))
            {
                return;
            }

            last = line;
        }

        throw new InvalidOperationException($"{Program} did not start: {last}");
    }

    private static bool IsThere(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, program)));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A keystore and a truststore as Redis and its tools read them.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="Key">Its private key.</param>
/// <param name="Authority">What is trusted.</param>
internal sealed record PemFiles(string Certificate, string Key, string Authority)
{
    public static async Task<PemFiles> WriteAsync(string keystore, string truststore, PasswordSource password, string directory, string name)
    {
        var files = new PemFiles(Path.Combine(directory, name + ".crt"), Path.Combine(directory, name + ".key"), Path.Combine(directory, name + ".ca"));
        using X509Certificate2 own = X509CertificateLoader.LoadPkcs12FromFile(keystore, password.Read(), X509KeyStorageFlags.Exportable);
        using Truststore trusted = Truststore.Load(truststore, password);
        await File.WriteAllTextAsync(files.Certificate, own.ExportCertificatePem());
        await File.WriteAllTextAsync(files.Key, own.GetECDsaPrivateKey()?.ExportPkcs8PrivateKeyPem() ?? own.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(files.Authority, string.Join('\n', trusted.Authorities.Select(authority => authority.ExportCertificatePem())));
        return files;
    }
}
