using System.Runtime.InteropServices;

namespace WsStorage.Cli.Terminal;

/// <summary>
/// Ctrl-C and SIGTERM, as a token: the first asks the verb to end in good order, the second ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;

    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    public CancellationToken Token => _source.Token;

    /// <summary>Whether the first signal ends the process at once, as it has to while a prompt waits for a person.</summary>
    public static bool EndsAtOnce { get; set; }

    /// <summary>
    /// Whether the signals of a terminal, which reach every process in it, are left to the process that started this one: that
    /// one says when this one is to end.
    /// </summary>
    public static bool LeavesTerminalToParent { get; set; }

    /// <summary>Completes, without an error, when a verb that goes on is to end.</summary>
    public static async Task WaitAsync(CancellationToken cancellationToken)
    {
        var interrupted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = cancellationToken.Register(() => interrupted.TrySetResult());
        await interrupted.Task;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (LeavesTerminalToParent && context.Signal is (PosixSignal.SIGINT or PosixSignal.SIGHUP))
        {
            context.Cancel = true;
            return;
        }

        if (!EndsAtOnce && Interlocked.Increment(ref _signals) == 1)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
