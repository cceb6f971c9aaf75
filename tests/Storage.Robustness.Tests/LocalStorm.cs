using System.Collections.Concurrent;
using WsStorage.Core;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.History;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Planted;

namespace WsStorage.Robustness.Tests;

/// <summary>
/// A storm without processes and sockets, and with nothing that disturbs it: what is written is watched in the same process,
/// so that a checker that fails fails because of the planted bug.
/// </summary>
internal static class LocalStorm
{
    private const int Batches = 600;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A watcher with a bug may never be told that all has been told: it has been when none is told anything for so long.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private static readonly ConcurrentDictionary<PlantedBug, Task<IReadOnlyList<Verdict>>> Runs = new();

    /// <summary>Runs it, once for each bug.</summary>
    /// <returns>What became of each guarantee.</returns>
    public static Task<IReadOnlyList<Verdict>> RunAsync(PlantedBug bug) => Runs.GetOrAdd(bug, RunCoreAsync);

    private static async Task<IReadOnlyList<Verdict>> RunCoreAsync(PlantedBug bug)
    {
        var log = new WriteLog();
        await using var store = new InMemoryStorage(new InMemoryStorageOptions { KeepPreviousValues = true });
        IStorage served = await PlantedBugs.InServerAsync(store, bug);
        await WriteAsync(store, log, new Random(1));
        StorageInfo info = await store.GetInfoAsync();
        using var stop = new CancellationTokenSource();
        WatchRecorder[] recorders = [.. StormKeys.Watches.Select((spec, number) => new WatchRecorder(
            spec, () => PlantedBugs.AtWatcher(served, bug), () => Task.CompletedTask, new Random(number)))];
        var origin = new Position(info.Epoch, Revision.None, ChainHash.Seed);
        Task watching = Task.WhenAll(recorders.Select(recorder => Task.Run(() => recorder.RunAsync(origin, stop.Token))));
        Task told = Task.WhenAll(recorders.Select(recorder => recorder.Reached.ReachedAsync((long)info.Revision.Value)));
        await WaitAsync(Task.WhenAny(told, watching), recorders, bug);
        await stop.CancelAsync();
        await watching;
        Truth truth = await Truth.ReadAsync(store, StormKeys.Watches);
        return
        [
            .. AllGuarantees.CheckWatches(truth, [.. recorders.Select(recorder => recorder.Record)]),
            .. AllGuarantees.CheckWrites(truth, log),
        ];
    }

    private static async Task WaitAsync(Task told, WatchRecorder[] recorders, PlantedBug bug)
    {
        using var patience = new CancellationTokenSource(Patience);
        int before;
        int now = -1;
        do
        {
            before = now;
            await Task.WhenAny(told, Task.Delay(bug == PlantedBug.None ? Patience : Quiet));
            now = recorders.Sum(static recorder => recorder.Count);
        }
        while (!told.IsCompleted && now != before && !patience.IsCancellationRequested);
    }

    private static async Task WriteAsync(InMemoryStorage store, WriteLog log, Random random)
    {
        StormBatches[] writers = [.. Enumerable.Range(1, 3).Select(number => new StormBatches(number, random))];
        for (int i = 0; i < Batches; i++)
        {
            (WriteId id, WriteBatch batch) = writers[i % writers.Length].Next();
            log.Acknowledge(id, (await store.WriteAsync(batch)).EnsureApplied(), ChangeDigest.Of(batch));
        }
    }
}
