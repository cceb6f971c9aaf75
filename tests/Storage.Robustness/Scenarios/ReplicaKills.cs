using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Replicas;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Kills a replica and its source with SIGKILL, in turn, at random moments under load. Every few rounds the replica has to begin
/// from nothing, by rows and by files in turn, and is killed, or its source is, while it does. After each kill the writers rest,
/// and the replica is compared with its source.
/// </summary>
internal sealed class ReplicaKills : IScenario
{
    private const int Keys = 20_000;
    private const int ValueBytes = 100;
    private const int WritesPerKill = 300;
    private const int RoundsPerBootstrap = 4;
    private const int MostMillisecondsBeforeKill = 250;
    private const int MostMillisecondsOfBootstrap = 700;

    public string Name => "replica-kills";

    public string Counts => "kills of the replica, and as many of the source";

    public int DefaultCount => 1000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        await using Site site = await Site.CreateAsync(options, prepare: store => Preload.FillAsync(store, Keys, ValueBytes));
        await using var run = new ReplicaKillsRun(site, options);
        using (new ProgressLine(options.Output, () => $"{run.Rounds:n0} of {options.Count:n0} rounds, {run.Acknowledged:n0} writes acknowledged; killed while {run.Moments}"))
        {
            while (run.Rounds < options.Count && run.Comparison.AllHeld)
            {
                bool anew = run.Rounds % RoundsPerBootstrap == 0;
                await run.KillAsync(replica: true, anew, WritesPerKill, anew ? MostMillisecondsOfBootstrap : MostMillisecondsBeforeKill);
                await run.KillAsync(replica: false, anew, WritesPerKill, anew ? MostMillisecondsOfBootstrap : MostMillisecondsBeforeKill);
                run.EndRound();
            }
        }

        options.Output.WriteLine($"killed while {run.Moments}");
        return [.. run.Comparison.ToVerdicts($"after {run.Rounds:n0} kills of the replica and {run.Rounds:n0} of the source")];
    }

    /// <summary>What a run consists of.</summary>
    private sealed class ReplicaKillsRun : IAsyncDisposable
    {
        private readonly Site _site;
        private readonly Random _random;
        private readonly SpreadLoad _load;
        private readonly TrackedClient _reader;
        private readonly SortedDictionary<string, int> _moments = new(StringComparer.Ordinal);
        private ReplicaProcess _replica;

        public ReplicaKillsRun(Site site, ScenarioOptions options)
        {
            _site = site;
            _random = new Random(options.Seed);
            ClientFactory clients = site.Clients();
            _load = new SpreadLoad(clients, 2, 8, Keys, _random);
            _reader = clients.Create();
            _replica = NextReplica();
        }

        public Comparison Comparison { get; } = new();

        public int Rounds { get; private set; }

        public long Acknowledged => _load.Acknowledged.Value;

        /// <summary>What the replica was doing at the kills.</summary>
        public string Moments
        {
            get
            {
                lock (_moments)
                {
                    return string.Join(", ", _moments.Select(m => $"{m.Key} {m.Value:n0}"));
                }
            }
        }

        /// <summary>Kills the replica or its source under load, starts it again, and compares.</summary>
        public async Task KillAsync(bool replica, bool anew, int writes, int milliseconds)
        {
            if (anew)
            {
                await BeginAnewAsync();
            }

            _load.Allow(writes);
            if (anew && _random.Next(4) > 0)
            {
                // Most of the time until it is through lies before: without this, few kills would meet a bootstrap.
                await _replica.UntilLoadingAsync();
                milliseconds = MostMillisecondsBeforeKill;
            }

            await Task.Delay(_random.Next(milliseconds));
            await NoteMomentAsync(replica);
            if (replica)
            {
                await _replica.KillAsync();
                await _replica.StartAsync();
            }
            else
            {
                await _site.Server.KillAsync();
                await _site.Server.StartAsync();
            }

            await _load.UntilQuietAsync();
            await Comparison.CompareAsync(_reader.Storage, _replica, $"round {Rounds}, after a kill of the {(replica ? "replica" : "source")}");
        }

        public void EndRound() => Rounds++;

        public async ValueTask DisposeAsync()
        {
            // The server may be dead if something went wrong: nothing would end by itself.
            await _reader.DisposeAsync();
            await _replica.DisposeAsync();
            if (_site.Server.IsRunning)
            {
                await _load.UntilQuietAsync();
                await _load.DisposeAsync();
            }
        }

        /// <summary>Lets a replica begin from nothing, by the other way than the last.</summary>
        private async Task BeginAnewAsync()
        {
            await _replica.DisposeAsync();
            _replica.Forget();
            _replica = NextReplica();
            await _replica.StartAsync();
        }

        private ReplicaProcess NextReplica() => new(new FollowOptions
        {
            Directory = _site.Combine("replica"),
            Certificates = _site.Certificates,
            Source = _site.Server.Url,
            Name = "replica",
            Plant = _site.Plant,
            // The bug that can be planted is in the loading of rows.
            Bootstrap = _site.IsPlanted || _random.Next(2) == 0 ? "Rows" : "Files",
        });

        private async Task NoteMomentAsync(bool replica)
        {
            string phase = (await _replica.ReportAsync()).Phase;
            string moment = $"{(replica ? "replica" : "source")}/{phase}";
            lock (_moments)
            {
                _moments[moment] = _moments.GetValueOrDefault(moment) + 1;
            }
        }
    }
}
