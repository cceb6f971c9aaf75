using System.CommandLine;
using WsStorage.Cli.Locking;
using WsStorage.Cli.Stores;
using WsStorage.Leases;
using WsStorage.WsClient;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage lock NAME -- COMMAND</c></summary>
internal static class LockCommand
{
    private static readonly TimeSpan DefaultTimeToLive = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The lock's name." };
        var commandLine = new Argument<string[]>("COMMAND")
        {
            Description = "What to run while the lock is held, after a lone --.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<TimeSpan?> timeToLive = QuantityOption.CreateDuration("--ttl", "How long the lock outlives the connection to the server [default: 30s].");
        Option<TimeSpan?> wait = QuantityOption.CreateDuration("--wait", "Wait at most so long for the lock, and exit with 1 when it is not free by then [default: for ever].");
        var attempt = new Option<bool>("--try") { Description = "Do not wait: exit with 1 when the lock is taken." };
        var store = new StoreOptions(servedOnly: true);
        var command = new Command(
            "lock",
            $"Run a command while a lock of a served store is held, and exit with its exit code. The command gets the lock's fencing token, a number greater than that of any holder before, as {LockedProgram.TokenVariable}, and the signals that come here. When the lock is lost meanwhile, the command gets SIGTERM, 10 s later SIGKILL, and the exit code is {ExitCode.LockLost}; 126 and 127 say that it could not be run.")
        {
            name,
            commandLine,
            timeToLive,
            wait,
            attempt,
        };
        store.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string lockName = parsed.GetValue(name)!;
            if (parsed.GetValue(attempt) && parsed.GetValue(wait) is not null)
            {
                throw new UsageException("--try and --wait exclude each other.");
            }

            TimeSpan? patience = parsed.GetValue(attempt) ? TimeSpan.Zero : parsed.GetValue(wait);
            await using WsStorageClient client = parsed.GetValue(attempt)
                ? await store.ConnectAsync(parsed, cancellationToken)
                : store.ConnectPatiently(parsed);
            StorageLock? held = await TakeAsync(client, lockName, parsed.GetValue(timeToLive) ?? DefaultTimeToLive, patience, cancellationToken);
            if (held is null)
            {
                Failure.Say($"the lock '{lockName}' is taken; nothing was run.");
                return ExitCode.NotFound;
            }

            try
            {
                return await LockedProgram.RunAsync(held, parsed.GetValue(commandLine)!);
            }
            finally
            {
                await ReleaseAsync(held);
            }
        });
        return command;
    }

    private static async Task<StorageLock?> TakeAsync(
        ILeaseStorage storage, string name, TimeSpan timeToLive, TimeSpan? patience, CancellationToken cancellationToken)
    {
        if (patience == TimeSpan.Zero)
        {
            return await storage.TryLockAsync(name, timeToLive, cancellationToken);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(patience ?? Timeout.InfiniteTimeSpan);
        while (true)
        {
            try
            {
                return await storage.LockAsync(name, timeToLive, ending.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
            catch (StorageException exception) when (exception.Code == StorageErrorCode.LeaseEnded)
            {
                // The server was away for longer than the lease on which we waited: wait on another.
            }
        }
    }

    private static async Task ReleaseAsync(StorageLock held)
    {
        try
        {
            await held.DisposeAsync().AsTask().WaitAsync(ReleasePatience);
        }
        catch (Exception exception) when (exception is TimeoutException or StorageException)
        {
            Failure.Say($"the lock '{held.Name}' could not be released; it ends {held.Lease.TimeToLive.TotalSeconds:0.#} s after the server has noticed that we are gone.");
        }
    }
}
