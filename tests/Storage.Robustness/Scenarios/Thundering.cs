using System.Diagnostics;
using WsStorage.Robustness.Guarantees;
using WsStorage.Robustness.History;
using WsStorage.Robustness.Load;
using WsStorage.Testing;
using WsStorage.WsClient;

namespace WsStorage.Robustness.Scenarios;

/// <summary>
/// Many clients, each with a watch and a write under way, lose their server at once and come back at once. They reconnect as
/// the defaults of the client say.
/// </summary>
internal sealed class Thundering : IScenario
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly byte[] Shared = Bytes.Of("shared");

    public string Name => "thundering";

    public string Counts => "clients";

    public int DefaultCount => 1000;

    public async Task<IReadOnlyList<Verdict>> RunAsync(ScenarioOptions options)
    {
        await using Site site = await Site.CreateAsync(options, maxConnections: options.Count + 100);
        var defaults = new WsStorageClientOptions { Url = site.Server.Url, Tls = site.Clients().Options.Tls };
        WsStorageClient[] clients = [.. Enumerable.Range(0, options.Count).Select(
            _ => new WsStorageClient(defaults with { OperationTimeout = Patience }))];
        using var stop = new CancellationTokenSource();
        WatchRecorder[] recorders = [.. clients.Select((client, number) => new WatchRecorder(
            new WatchSpec($"client {number}", KeyRange.Single(Shared)), () => client, () => Task.CompletedTask, new Random(number)))];
        Task watching = Task.WhenAll(recorders.Select(recorder => recorder.RunAsync(null, stop.Token)));
        try
        {
            long started = Stopwatch.GetTimestamp();
            await Task.WhenAll(recorders.Select(recorder => recorder.Begun)).WaitAsync(Patience);
            options.Output.WriteLine($"  {options.Count:n0} clients connected and watching after {Seconds(started):f1} s");

            await site.Server.KillAsync();
            Task<string?>[] puts = [.. clients.Select(PutAsync)];
            await site.Server.StartAsync();
            started = Stopwatch.GetTimestamp();
            string?[] failures = await Task.WhenAll(puts).WaitAsync(Patience);
            double served = Seconds(started);
            long revision = (long)(await clients[0].PutAsync(Shared, Bytes.Of("all are back"))).Value;
            await Task.WhenAll(recorders.Select(recorder => recorder.Reached.ReachedAsync(revision))).WaitAsync(Patience);
            string size = $"{options.Count:n0} clients, all served {served:f1} s after the server listened again, all watches told after {Seconds(started):f1} s";
            return
            [
                new Verdict("EverybodyComesBack", size, failures.FirstOrDefault(failure => failure is not null)),
                new Verdict("EveryWatchGoesOn", size, FindEnded(recorders)),
            ];
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
            await watching;
        }
    }

    private static string? FindEnded(IEnumerable<WatchRecorder> recorders) => recorders
        .Where(recorder => recorder.Record.End is not null || recorder.Record.Events.Count != 1)
        .Select(recorder => $"{recorder.Record.Spec.Name} was told {recorder.Record.Events.Count} events, not 1; {recorder.Record.End}")
        .FirstOrDefault();

    /// <summary>Puts a key of the client's own.</summary>
    /// <returns>Why it failed, or none.</returns>
    private static async Task<string?> PutAsync(WsStorageClient client, int number)
    {
        try
        {
            await client.PutAsync(Bytes.Numbered("client/", number), Bytes.Of("back"));
            return null;
        }
        catch (StorageException exception)
        {
            return $"client {number}: {exception.Code}: {exception.Message}";
        }
    }

    private static double Seconds(long started) => Stopwatch.GetElapsedTime(started).TotalSeconds;
}
