using System.Collections.Concurrent;
using System.Diagnostics;

namespace WsStorage.Cli.Demo;

/// <summary>Cuts the link, kills the server and kills the replica, each once the one before has been got over.</summary>
internal sealed class Disturber(DemoServer server, DemoReplica replica, LinkProxy link, Ledger ledger)
{
    private static readonly DisturbanceKind[] Order = [DisturbanceKind.LinkCut, DisturbanceKind.ServerKilled, DisturbanceKind.ReplicaKilled];

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LinkDown = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ConcurrentQueue<Disturbance> _done = [];

    /// <summary>What has been done and got over, in order.</summary>
    public IReadOnlyCollection<Disturbance> Done => _done;

    /// <summary>Disturbs until it is told to stop; what is under way then is mended first.</summary>
    /// <exception cref="DemoCheckException">Nothing is written any more, or the replica does not follow.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            for (int i = 0; ; i++)
            {
                await Task.Delay(Pause, stop);
                await DisturbAsync(Order[i % Order.Length]);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop, while all was well.
        }
    }

    private async Task DisturbAsync(DisturbanceKind kind)
    {
        long begin = Stopwatch.GetTimestamp();
        Task<ulong> written = ledger.WaitForWriteAfterAsync(begin);
        if (kind == DisturbanceKind.LinkCut)
        {
            await link.CutAsync();
            await Task.Delay(LinkDown);
            link.Mend();
        }
        else if (kind == DisturbanceKind.ServerKilled)
        {
            await server.CrashAndRestartAsync();
            link.TargetPort = server.Port;
        }
        else
        {
            await replica.CrashAndRestartAsync();
        }

        TimeSpan down = Stopwatch.GetElapsedTime(begin);
        try
        {
            ulong revision = await written.WaitAsync(Patience);
            if (kind == DisturbanceKind.ReplicaKilled)
            {
                await replica.WaitForAsync(revision).WaitAsync(Patience);
            }
        }
        catch (TimeoutException)
        {
            throw new DemoCheckException(kind switch
            {
                DisturbanceKind.LinkCut => $"no write was acknowledged within {Patience.TotalSeconds:0} s after the link was cut",
                DisturbanceKind.ServerKilled => $"no write was acknowledged within {Patience.TotalSeconds:0} s after the server was killed",
                _ => $"the replica was not in step within {Patience.TotalSeconds:0} s after it was killed",
            });
        }

        _done.Enqueue(new Disturbance(kind, Stopwatch.GetElapsedTime(_start, begin), down, Stopwatch.GetElapsedTime(begin)));
    }
}
