using System.CommandLine;
using System.Runtime.InteropServices;
using WsStorage.Cli.Demo;
using WsStorage.Cli.Stores;

namespace WsStorage.Cli.Verbs;

/// <summary>The client's half of <c>wsstorage demo</c>, which starts it: reads until a line on stdin, then reads all.</summary>
internal static class DemoClientCommand
{
    public const string Name = "demo-client";

    private static readonly TimeSpan RoundInterval = TimeSpan.FromMilliseconds(20);
    private const int RoundsPerReport = 25;

    public static Command Create()
    {
        var store = new StoreOptions();
        var command = new Command(Name, "The client of `wsstorage demo`.") { Hidden = true };
        store.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            // Ctrl-C reaches both processes; the demo tells this one when to end, through its stdin.
            using var ignored = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
            await using IStorage storage = await store.OpenAsync(parsed, StoreAccess.Change, CancellationToken.None);
            var client = new DemoClient(storage);
            StoreDigest? digest = null;
            try
            {
                await RunRoundsAsync(client, Task.Run(Console.In.ReadLine, CancellationToken.None));
                digest = await client.FinishAsync(CancellationToken.None);
            }
            catch (DemoCheckException exception)
            {
                Failure.Say($"demo: {exception.Message}.");
            }

            Console.WriteLine(client.Report(digest).ToLine());
            return digest is null ? ExitCode.NotFound : ExitCode.Done;
        });
        return command;
    }

    private static async Task RunRoundsAsync(DemoClient client, Task<string?> told)
    {
        using var timer = new PeriodicTimer(RoundInterval);
        for (int round = 0; !told.IsCompleted; round++)
        {
            await client.RunRoundAsync(CancellationToken.None);
            if (round % RoundsPerReport == 0)
            {
                Console.WriteLine(client.Report().ToLine());
            }

            await timer.WaitForNextTickAsync();
        }
    }
}
