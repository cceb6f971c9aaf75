using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Cli.Processes;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>Where scenarios run: a directory and certificates that are gone afterwards, and the bounds of a run.</summary>
internal sealed class Site : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private int _names;

    public Site(RunOptions options, IProgress<string> progress)
    {
        Options = options;
        Progress = progress;
        Certificates = CertificateSet.Create(_directory.Of("certs"));
    }

    public RunOptions Options { get; }

    public IProgress<string> Progress { get; }

    public CertificateSet Certificates { get; }

    /// <summary>Names a file or directory that nobody else uses; it is not made.</summary>
    /// <param name="purpose">What for.</param>
    public string NewPath(string purpose) => _directory.Of($"{purpose}-{++_names}");

    /// <summary>Starts a host in a process of its own. Its data are in a directory of its own, unless one is given.</summary>
    public Task<HostProcess> StartHostAsync(HostOptions options, CancellationToken cancellationToken) =>
        HostProcess.StartAsync(
            options with { Certificates = Certificates.Directory, Data = options.Data ?? NewPath("data") }, cancellationToken);

    /// <summary>Connects to the storage that a host serves.</summary>
    public async Task<WsStorageClient> ConnectAsync(HostProcess host, CancellationToken cancellationToken) =>
        await WsStorageClient.ConnectAsync(
            new WsStorageClientOptions { Url = host.Addresses.Storage, Tls = Certificates.LoadClient(), Name = "benchmark", MaxRequestsInFlight = 8192 },
            cancellationToken);

    /// <summary>Begins a contest of as many rounds as were asked for.</summary>
    /// <param name="unit">What its values count.</param>
    public Contest NewContest(string unit) => new(unit, Options.Rounds, Progress);

    public void Dispose() => _directory.Dispose();
}
