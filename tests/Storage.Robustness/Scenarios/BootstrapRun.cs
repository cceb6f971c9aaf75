using System.Diagnostics;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Replicas;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Scenarios;

/// <summary>What a bootstrap took.</summary>
/// <param name="Elapsed">From the start of the replica's process until its copy was whole.</param>
/// <param name="Bytes">The bytes that it got.</param>
/// <param name="WritesPerSecond">What the source took meanwhile.</param>
/// <param name="ReplicaPeakMebibytes">The most that the replica's process had in memory.</param>
/// <param name="SourcePeakMebibytes">The same of the source's.</param>
/// <param name="Interrupted">What interrupted it.</param>
internal sealed record BootstrapFigures(
    TimeSpan Elapsed, long Bytes, double WritesPerSecond, double ReplicaPeakMebibytes, double SourcePeakMebibytes, string Interrupted)
{
    public override string ToString() =>
        $"whole after {Elapsed.TotalSeconds:n1} s, {Bytes / (1024.0 * 1024):n0} MiB, while the source took {WritesPerSecond:n0} writes/s{Interrupted}";
}

/// <summary>One bootstrap of a new replica, under load.</summary>
internal sealed class BootstrapRun : IAsyncDisposable
{
    private const int WritesPerSecond = 5000;
    private const int WriterClients = 4;
    private const int WritersPerClient = 128;

    private readonly Site _site;
    private readonly ScenarioOptions _options;
    private readonly string _by;
    private readonly Random _random;
    private readonly CuttingProxy _proxy;
    private readonly ReplicaProcess _replica;
    private readonly SpreadLoad _load;
    private readonly TrackedClient _reader;
    private readonly SortedDictionary<string, int> _interruptions = new(StringComparer.Ordinal);
    private long _replicaPeak;
    private long _sourcePeak;

    public BootstrapRun(Site site, ScenarioOptions options, string by, Random random)
    {
        _site = site;
        _options = options;
        _by = by;
        _random = random;
        _proxy = new CuttingProxy(site.Server.Port, random.Next(), new CuttingPlan { Unharmed = 1 });
        _replica = new ReplicaProcess(new FollowOptions
        {
            Directory = site.Combine("replica"),
            Certificates = site.Certificates,
            Source = Processes.ServerProcess.UrlOf(_proxy.Port),
            Name = "replica",
            Bootstrap = by,
        });
        ClientFactory clients = site.Clients();
        _load = new SpreadLoad(clients, WriterClients, WritersPerClient, options.Count, random);
        _reader = clients.Create();
    }

    /// <summary>Runs it, with interruptions at given times after each other.</summary>
    public async Task<BootstrapFigures> RunAsync(IReadOnlyList<TimeSpan> interruptions, List<Verdict> verdicts)
    {
        long started = Stopwatch.GetTimestamp();
        long acknowledged = _load.Acknowledged.Value;
        TimeSpan elapsed;
        double rate;
        ReplicaReport report;
        await using (new SteadyPace(_load, WritesPerSecond))
        {
            await _replica.StartAsync();
            foreach (TimeSpan moment in interruptions)
            {
                await _replica.UntilLoadingAsync();
                await Task.Delay(moment);
                await InterruptAsync();
            }

            report = await _replica.UntilAsync(new Revision(1));
            elapsed = Stopwatch.GetElapsedTime(started);
            rate = (_load.Acknowledged.Value - acknowledged) / elapsed.TotalSeconds;
        }

        await _load.UntilQuietAsync();
        await NotePeaksAsync();
        var comparison = new Comparison();
        await comparison.CompareAsync(_reader.Storage, _replica, "at the end");
        string what = $"by {_by.ToLowerInvariant()}, {interruptions.Count} interruptions";
        verdicts.AddRange(comparison.ToVerdicts($"{what}, {_options.Count:n0} keys to begin with"));
        string interrupted = interruptions.Count == 0 ? "" : $"; interrupted {string.Join(", ", _interruptions.Select(i => $"{i.Value} times by {i.Key}"))}";
        return new BootstrapFigures(elapsed, report.Bytes, rate, Mebibytes(_replicaPeak), Mebibytes(_sourcePeak), interrupted);
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _load.DisposeAsync();
        await _replica.DisposeAsync();
        _replica.Forget();
        await _proxy.DisposeAsync();
    }

    private static double Mebibytes(long bytes) => bytes / (1024.0 * 1024);

    private async Task InterruptAsync()
    {
        string phase = (await _replica.ReportAsync()).Phase;
        await NotePeaksAsync();
        switch (_random.Next(3))
        {
            case 0:
                Note($"a kill of the replica while {phase}");
                await _replica.KillAsync();
                await _replica.StartAsync();
                break;
            case 1:
                Note($"a kill of the source while {phase}");
                await _site.Server.KillAsync();
                await _site.Server.StartAsync();
                break;
            default:
                Note($"a cut of the link while {phase}");
                _proxy.CutAll();
                break;
        }
    }

    private void Note(string interruption) => _interruptions[interruption] = _interruptions.GetValueOrDefault(interruption) + 1;

    private async Task NotePeaksAsync()
    {
        _replicaPeak = Math.Max(_replicaPeak, await _replica.MeasurePeakAsync());
        _sourcePeak = Math.Max(_sourcePeak, await _site.Server.MeasurePeakAsync());
    }
}
