using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace WsStorage.Cli.Locking;

/// <summary>Passes the signals that this process gets on to the one that it waits for, and does not end by them itself.</summary>
internal sealed partial class PassedSignals : IDisposable
{
    // The numbers of POSIX systems (signal(7)).
    private const int Hangup = 1;
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private readonly Lock _gate = new();
    private readonly List<int> _early = [];
    private readonly PosixSignalRegistration[] _registrations;
    private Process? _target;

    public PassedSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Pass(context, Interrupt)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Pass(context, Terminate)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Pass(context, Hangup)),
    ];

    /// <summary>Says to whom; what has come before then is passed on now.</summary>
    public void PassTo(Process process)
    {
        lock (_gate)
        {
            _target = process;
            _early.ForEach(signal => Send(process, signal));
        }
    }

    /// <summary>Asks a process to end: SIGTERM.</summary>
    public void End(Process process)
    {
        lock (_gate)
        {
            Send(process, Terminate);
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Pass(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        if (signal == Interrupt && IsFromTerminal())
        {
            // Ctrl-C reaches every process in the foreground of the terminal: passed on, it would count twice.
            return;
        }

        lock (_gate)
        {
            if (_target is null)
            {
                _early.Add(signal);
            }
            else
            {
                Send(_target, signal);
            }
        }
    }

    private static void Send(Process process, int signal)
    {
        if (process.HasExited)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            process.Kill();
        }
        else
        {
            // It fails only if the process has just ended, and then there is nobody to tell.
            _ = KillProcess(process.Id, signal);
        }
    }

    /// <summary>Whether we are in the foreground of a terminal, as the program that we run then is too.</summary>
    /// <remarks>Source: proc_pid_stat(5): the 5th field is the process group, the 8th the one in the foreground.</remarks>
    private static bool IsFromTerminal()
    {
        if (!OperatingSystem.IsLinux())
        {
            return !Console.IsInputRedirected;
        }

        // The 2nd field, the name, may hold anything; it ends with the last parenthesis.
        string stat = File.ReadAllText("/proc/self/stat");
        string[] afterName = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return int.Parse(afterName[2], CultureInfo.InvariantCulture) == int.Parse(afterName[5], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int KillProcess(int process, int signal);
}
