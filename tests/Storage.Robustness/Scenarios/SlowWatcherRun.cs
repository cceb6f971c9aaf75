using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.History;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Processes;
using WsStorage.RocksDb;
using WsStorage.Testing;
using WsStorage.Testing.Network;

namespace WsStorage.Robustness.Scenarios;

/// <summary>How the watcher of a <see cref="SlowWatcherRun"/> is slow.</summary>
internal enum Slowness
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Its program does not ask for the next event.</summary>
    StopsAsking,

    /// <summary>Its link takes no more bytes.</summary>
    LinkHangs,
}

/// <summary>One run of the load of <see cref="SlowWatcher"/>.</summary>
internal sealed class SlowWatcherRun
{
    private const int ValueBytes = 64 * 1024;
    private const int Keys = 256;
    private const int Writers = 4;
    private const int Places = 8;

    private static readonly WatchSpec Bulk = new("the slow one", KeyRange.Prefix("bulk/"));
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly List<ServerMemory> _memory = [];

    private SlowWatcherRun(Probe probe) => Probe = probe;

    /// <summary>What the others noticed.</summary>
    public Probe Probe { get; }

    /// <summary>What the server held after each eighth of the load.</summary>
    public IReadOnlyList<ServerMemory> Memory => _memory;

    /// <summary>Whether the watcher was told everything in the end; empty without one.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; private set; } = [];

    /// <summary>Runs it.</summary>
    public static async Task<SlowWatcherRun> RunAsync(ScenarioOptions options, Slowness slowness)
    {
        await using Site site = await Site.CreateAsync(options);
        await using var proxy = new CuttingProxy(site.Server.Port, options.Seed) { IsHarmful = false };
        ClientFactory direct = site.Clients();
        await using TrackedClient bulk = direct.Create();
        await using TrackedClient probeWriter = direct.Create();
        await using TrackedClient probeWatcher = direct.Create();
        await using TrackedClient watcher = site.Clients(proxy.Port).Create();
        var run = new SlowWatcherRun(new Probe(probeWriter.Storage, probeWatcher.Storage));
        var recorder = new WatchRecorder(Bulk, () => watcher.Storage, () => Task.CompletedTask, new Random(options.Seed));
        using var stop = new CancellationTokenSource();
        Task watching = slowness == Slowness.None ? Task.CompletedTask : Task.Run(() => recorder.RunAsync(null, stop.Token));
        if (slowness == Slowness.StopsAsking)
        {
            recorder.Pause();
        }

        if (slowness != Slowness.None)
        {
            await recorder.Begun.WaitAsync(Patience);
        }

        if (slowness == Slowness.LinkHangs)
        {
            proxy.Freeze();
        }

        using var stopProbe = new CancellationTokenSource();
        Task probing = run.Probe.RunAsync(stopProbe.Token);
        await run.WriteAsync(site, bulk.Storage, options, slowness);
        await stopProbe.CancelAsync();
        await probing;
        if (slowness != Slowness.None)
        {
            proxy.Thaw();
            recorder.Resume();
            long end = (long)(await bulk.Storage.GetInfoAsync()).Revision.Value;
            await Task.WhenAny(recorder.Reached.ReachedAsync(end), watching, Task.Delay(Patience, stop.Token));
            await stop.CancelAsync();
            await watching;
            await using RocksDbStorage store = await site.TakeStoreAsync();
            run.Verdicts = [.. AllGuarantees.CheckWatches(await Truth.ReadAsync(store, [Bulk]), [recorder.Record])];
        }

        return run;
    }

    /// <summary>Writes the load, and measures the server after each eighth of it.</summary>
    private async Task WriteAsync(Site site, IStorage storage, ScenarioOptions options, Slowness slowness)
    {
        long writes = (long)options.Count * 1024 * 1024 / ValueBytes;
        for (int place = 0; place < Places; place++)
        {
            long share = (writes * (place + 1) / Places) - (writes * place / Places);
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(
                number => WriteAsync(storage, (share + number) / Writers, (place * Writers) + number)));
            _memory.Add(await site.Server.MeasureAsync());
            options.Output.WriteLine(
                $"  {slowness}: {writes * (place + 1) / Places * ValueBytes >> 20:n0} MiB, the server holds {_memory[^1].HeapBytes / 1048576.0:f1} MiB managed, {_memory[^1].ResidentBytes >> 20} MiB in all");
        }
    }

    private static async Task WriteAsync(IStorage storage, long count, int seed)
    {
        var random = new Random(seed);
        byte[] value = new byte[ValueBytes];
        for (long i = 0; i < count; i++)
        {
            random.NextBytes(value);
            await storage.PutAsync(Bytes.Numbered("bulk/", random.Next(Keys)), value);
        }
    }
}
