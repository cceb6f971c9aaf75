using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using WsStorage.Leases;

namespace WsStorage.Cli.Locking;

/// <summary>A program that runs while a lock is held, on our own stdin, stdout and stderr.</summary>
internal static class LockedProgram
{
    /// <summary>The environment variable that has the lock's token.</summary>
    public const string TokenVariable = "WSSTORAGE_LOCK_TOKEN";

    // How long a program that has lost its lock may take to end by itself.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    // As shells say it.
    private const int CannotRun = 126;
    private const int NoSuchProgram = 127;
    private const int NoEntry = 2;

    /// <summary>Runs it to its end, or until the lock is lost.</summary>
    /// <returns>Its exit code, or <see cref="ExitCode.LockLost"/>.</returns>
    public static async Task<int> RunAsync(StorageLock held, string[] commandLine)
    {
        using var signals = new PassedSignals();
        using Process? process = Start(held, commandLine, out int code);
        if (process is null)
        {
            return code;
        }

        signals.PassTo(process);
        Task ended = process.WaitForExitAsync();
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (held.Lost.Register(() => lost.TrySetResult()))
        {
            await Task.WhenAny(ended, lost.Task);
        }

        if (!held.Lost.IsCancellationRequested)
        {
            return process.ExitCode;
        }

        Failure.Say($"the lock '{held.Name}' was lost, or may be, while {commandLine[0]} was running; others may have taken it.");
        signals.End(process);
        try
        {
            await ended.WaitAsync(EndPatience);
        }
        catch (TimeoutException)
        {
            process.Kill();
            await ended;
        }

        return ExitCode.LockLost;
    }

    private static Process? Start(StorageLock held, string[] commandLine, out int code)
    {
        var start = new ProcessStartInfo(commandLine[0], commandLine[1..]) { UseShellExecute = false };
        start.Environment[TokenVariable] = held.Token.Value.ToString(CultureInfo.InvariantCulture);
        code = ExitCode.Done;
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception exception)
        {
            Failure.Say($"{commandLine[0]} cannot be run: {exception.Message}.");
            code = exception.NativeErrorCode == NoEntry ? NoSuchProgram : CannotRun;
            return null;
        }
    }
}
