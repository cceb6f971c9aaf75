using System.CommandLine;
using System.Diagnostics;
using WsStorage.Cli.Demo;
using WsStorage.Cli.Stores;
using WsStorage.Cli.Terminal;

namespace WsStorage.Cli.Verbs;

/// <summary>The client's half of <c>wsstorage demo</c>, which starts it: reads until a line on stdin, then reads all.</summary>
internal static class DemoClientCommand
{
    public const string Name = "demo-client";

    private static readonly TimeSpan RoundInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var store = new StoreOptions();
        var command = new Command(Name, "The client of `wsstorage demo`.") { Hidden = true };
        store.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            // Ctrl-C reaches both processes; the demo tells this one when to end, through its stdin.
            Interruption.LeavesTerminalToParent = true;
            await using IStorage storage = store.OpenPatiently(parsed, StoreAccess.Change, quiet: true);
            StorageInfo info = await storage.GetInfoAsync(CancellationToken.None);
            await using var watch = new WatchReplay(info.Epoch);
            var client = new DemoClient(storage, watch);
            ClientReport report = await RunAsync(client, storage, watch);
            Console.WriteLine(report.ToLine());
            return report.Digest is null ? ExitCode.NotFound : ExitCode.Done;
        });
        return command;
    }

    private static async Task<ClientReport> RunAsync(DemoClient client, IStorage storage, WatchReplay watch)
    {
        using var stop = new CancellationTokenSource();
        Task watching = watch.RunAsync(storage, stop.Token);
        try
        {
            Task told = Task.Run(Console.In.ReadLine, CancellationToken.None);
            Task<StoreDigest> reading = ReadAsync(client, Task.WhenAny(told, watching));

            // The watch ends first only when something is wrong with it.
            await await Task.WhenAny(reading, watching);
            StoreDigest digest = await reading;
            await stop.CancelAsync();
            await watching;
            return client.Report(digest, await watch.FinishAsync());
        }
        catch (Exception exception) when (exception is DemoCheckException or StorageException)
        {
            client.Fail(exception.Message.TrimEnd('.'));
            return client.Report();
        }
    }

    private static async Task<StoreDigest> ReadAsync(DemoClient client, Task until)
    {
        await RunRoundsAsync(client, until);
        return await client.FinishAsync(CancellationToken.None);
    }

    private static async Task RunRoundsAsync(DemoClient client, Task until)
    {
        using var timer = new PeriodicTimer(RoundInterval);
        long reported = 0;
        while (!until.IsCompleted)
        {
            await client.RunRoundAsync(CancellationToken.None);
            if (Stopwatch.GetElapsedTime(reported) >= ReportInterval)
            {
                Console.WriteLine(client.Report().ToLine());
                reported = Stopwatch.GetTimestamp();
            }

            await timer.WaitForNextTickAsync();
        }
    }
}
